package files

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// withoutMetadata gives a photo without what it tells beside the picture: place,
// device, date, author, preview, and whatever follows its end (the film of a "live"
// photo). The picture's bytes are copied as they are; of the Exif block the
// orientation alone is kept, without which a portrait would lie on its side.
func withoutMetadata(mediaType string, r io.Reader) (io.Reader, error) {
	strip, ok := map[string]func([]byte) ([]byte, bool){typeJPEG: stripJPEG, typePNG: stripPNG, typeWebP: stripWebP}[mediaType]
	if !ok {
		return nil, fault.New(fault.Invalid, "photo_type_refused")
	}
	data, err := readAll(r)
	if err != nil {
		return nil, err
	}
	clean, ok := strip(data)
	if !ok {
		return nil, fault.New(fault.Invalid, "photo_unreadable")
	}
	return bytes.NewReader(clean), nil
}

// JPEG markers (ITU-T T.81, table B.1).
const (
	markSOI   = 0xD8
	markEOI   = 0xD9
	markSOS   = 0xDA
	markAPP0  = 0xE0
	markAPP1  = 0xE1
	markAPP2  = 0xE2
	markAPP14 = 0xEE
	markAPP15 = 0xEF
	markCOM   = 0xFE
	markRST0  = 0xD0
	markRST7  = 0xD7
	markTEM   = 0x01
)

// stripJPEG copies a JPEG's segments but for APP1, APP3 to APP13, APP15 and
// comments; of APP2 only colour profiles. It stops at the end of the image.
func stripJPEG(in []byte) ([]byte, bool) {
	if len(in) < 4 || in[0] != 0xFF || in[1] != markSOI {
		return nil, false
	}
	out := append(make([]byte, 0, len(in)), 0xFF, markSOI)
	oriented := false
	for i := 2; i+1 < len(in); {
		if in[i] != 0xFF {
			return nil, false
		}
		mark := in[i+1]
		switch {
		case mark == 0xFF: // a fill byte
			i++
			continue
		case mark == markEOI:
			return append(out, 0xFF, markEOI), true
		case mark == markTEM || mark >= markRST0 && mark <= markRST7:
			out = append(out, in[i:i+2]...)
			i += 2
			continue
		}
		if i+4 > len(in) {
			return nil, false
		}
		end := i + 2 + int(binary.BigEndian.Uint16(in[i+2:]))
		if end < i+4 || end > len(in) {
			return nil, false
		}
		if mark == markAPP1 && !oriented {
			var block []byte
			block, oriented = orientationOnly(in[i+4 : end])
			out = append(out, block...)
		}
		if keepSegment(mark, in[i+4:end]) {
			out = append(out, in[i:end]...)
		}
		i = end
		if mark == markSOS {
			scan := scanLength(in[i:])
			out = append(out, in[i:i+scan]...)
			i += scan
		}
	}
	return nil, false // no end: cut off
}

func keepSegment(mark byte, body []byte) bool {
	switch {
	case mark == markAPP0, mark == markAPP14:
		return true
	case mark == markAPP2:
		return bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
	case mark >= markAPP1 && mark <= markAPP15, mark == markCOM:
		return false
	default:
		return true
	}
}

// scanLength counts the entropy-coded bytes up to the next marker.
func scanLength(in []byte) int {
	for i := 0; i+1 < len(in); i++ {
		if in[i] == 0xFF && in[i+1] != 0 && in[i+1] != 0xFF && (in[i+1] < markRST0 || in[i+1] > markRST7) {
			return i
		}
	}
	return len(in)
}

const tagOrientation = 0x0112 // TIFF 6.0, and Exif 2.3 §4.6.4

// orientationOnly reads an Exif block and writes one that holds its orientation
// alone; upright pictures need none.
func orientationOnly(body []byte) (block []byte, found bool) {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return nil, false
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return nil, false
	}
	// No more entries than there is room for: a block of twenty bytes that claims
	// 65,535 of them, repeated over a whole file, would otherwise cost minutes.
	for n := min(int(order.Uint16(tiff[at:])), (len(tiff)-at-2)/12); n > 0; n-- {
		entry := at + 2 + 12*(n-1)
		if order.Uint16(tiff[entry:]) != tagOrientation {
			continue
		}
		if value := order.Uint16(tiff[entry+8:]); value > 1 && value <= 8 {
			return exifOf(value), true
		}
	}
	return nil, false
}

// exifOf writes an APP1 segment with one tag.
func exifOf(orientation uint16) []byte {
	body := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	body = binary.BigEndian.AppendUint16(body, orientation)
	body = append(body, 0, 0, 0, 0, 0, 0)
	segment := []byte{0xFF, markAPP1, 0, byte(len(body) + 2)}
	return append(segment, body...)
}

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// stripPNG keeps the chunks that make the picture (ISO/IEC 15948) and drops texts,
// times, Exif, private chunks, and what follows the end.
func stripPNG(in []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(in, pngSignature)
	if !ok {
		return nil, false
	}
	keep := map[string]bool{"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true, "cHRM": true,
		"sRGB": true, "iCCP": true, "sBIT": true, "pHYs": true, "bKGD": true, "acTL": true, "fcTL": true, "fdAT": true}
	out := append(make([]byte, 0, len(in)), pngSignature...)
	for len(rest) >= 12 {
		size := uint64(binary.BigEndian.Uint32(rest)) + 12
		if size > uint64(len(rest)) {
			return nil, false
		}
		name := string(rest[4:8])
		if keep[name] {
			out = append(out, rest[:size]...)
		}
		if name == "IEND" {
			return out, true
		}
		rest = rest[size:]
	}
	return nil, false
}

// Flags of a VP8X chunk that announce metadata (RFC 9649 §2.7).
const webpMetadataFlags = 0x08 | 0x04

// stripWebP drops the EXIF and XMP chunks of a WebP and what follows its end.
func stripWebP(in []byte) ([]byte, bool) {
	if len(in) < 12 || string(in[:4]) != "RIFF" || string(in[8:12]) != "WEBP" {
		return nil, false
	}
	length := uint64(binary.LittleEndian.Uint32(in[4:])) + 8
	if length > uint64(len(in)) || length < 12 {
		return nil, false
	}
	rest := in[12:length]
	out := append(make([]byte, 0, len(in)), in[:12]...)
	for len(rest) >= 8 {
		body := uint64(binary.LittleEndian.Uint32(rest[4:]))
		size := 8 + body + body%2
		if 8+body > uint64(len(rest)) {
			return nil, false
		}
		size = min(size, uint64(len(rest)))
		switch name := string(rest[:4]); name {
		case "EXIF", "XMP ":
		case "VP8X":
			from := len(out)
			out = append(out, rest[:size]...)
			if body > 0 {
				out[from+8] &^= webpMetadataFlags
			}
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP":
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8)) //nolint:gosec // at most MaxSize
	return out, len(out) > 12
}
