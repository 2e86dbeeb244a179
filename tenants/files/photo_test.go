package files_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/files"
)

const secret = "43.5167N 1.4980E Canon Jeanne Dupont"

func picture() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			m.Set(x, y, color.RGBA{R: uint8(x * 4), G: uint8(y * 5), B: 120, A: 255})
		}
	}
	return m
}

func jpegSegment(mark byte, body string) []byte {
	head := []byte{0xFF, mark}
	head = binary.BigEndian.AppendUint16(head, uint16(len(body)+2))
	return append(head, body...)
}

// exif is a block with an orientation (little-endian) and a text.
func exif(orientation byte) string {
	return "Exif\x00\x00II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(orientation)) + "\x00\x00\x00\x00\x00\x00\x00" + secret
}

func kept(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	store, _ := newStore(t)
	got, err := store.Put(t.Context(), castanet, files.Upload{Name: name, Body: bytes.NewReader(body), Photo: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := store.Open(t.Context(), castanet, files.Document{BlobKey: got.BlobKey})
	if err != nil {
		t.Fatal(err)
	}
	back, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	if bytes.Contains(back, []byte("Dupont")) || bytes.Contains(back, []byte("43.5167")) {
		t.Error("the metadata is still there")
	}
	return back
}

func TestJPEGLosesItsMetadataAndKeepsItsPicture(t *testing.T) {
	t.Parallel()
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, picture(), nil); err != nil {
		t.Fatal(err)
	}
	raw := plain.Bytes()
	var full bytes.Buffer
	full.Write(raw[:2])
	full.Write(jpegSegment(0xE1, exif(6)))
	full.Write(jpegSegment(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+secret))
	full.Write(jpegSegment(0xED, "Photoshop 3.0\x00"+secret))
	full.Write(jpegSegment(0xFE, secret))
	full.Write(raw[2:])
	full.WriteString("\x00\x00\x00\x18ftypmp42" + secret)

	back := kept(t, "trou.jpg", full.Bytes())
	if !bytes.Contains(back, []byte("\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06")) {
		t.Error("the orientation is lost")
	}
	want, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(back))
	if err != nil {
		t.Fatal(err)
	}
	if got.At(10, 20) != want.At(10, 20) || got.Bounds() != want.Bounds() {
		t.Error("the picture changed")
	}
	if again := kept(t, "trou.jpg", raw); !bytes.Equal(again, raw) {
		t.Error("a picture without metadata changed")
	}
}

func TestPNGLosesItsMetadata(t *testing.T) {
	t.Parallel()
	var plain bytes.Buffer
	if err := png.Encode(&plain, picture()); err != nil {
		t.Fatal(err)
	}
	raw := plain.Bytes()
	chunk := func(name, body string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(b, name+body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+body)))
	}
	afterHeader := 8 + 25
	full := bytes.Join([][]byte{raw[:afterHeader], chunk("tEXt", "Author\x00"+secret), chunk("eXIf", exif(1)[6:]), chunk("prVt", secret), raw[afterHeader:], []byte(secret)}, nil)
	if back := kept(t, "trou.png", full); !bytes.Equal(back, raw) {
		t.Error("what is left is not the picture alone")
	}
}

func TestWebPLosesItsMetadata(t *testing.T) {
	t.Parallel()
	chunk := func(name, body string) string {
		b := name + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body
		if len(body)%2 == 1 {
			b += "\x00"
		}
		return b
	}
	riff := func(body string) []byte {
		return []byte("RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4))) + "WEBP" + body)
	}
	extended := func(flags string) string { return chunk("VP8X", flags+"\x00\x00\x00\x3f\x00\x00\x2f\x00\x00") }
	full := riff(extended("\x2c") + chunk("VP8 ", "image") + chunk("EXIF", exif(1)) + chunk("XMP ", secret))
	want := riff(extended("\x20") + chunk("VP8 ", "image"))
	if back := kept(t, "trou.webp", full); !bytes.Equal(back, want) {
		t.Errorf("got %q, want %q", back, want)
	}
}

func FuzzPhoto(f *testing.F) {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, picture(), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"))
	f.Add([]byte("RIFF\xff\xff\xff\xffWEBPVP8X\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		store, _ := newStore(t)
		got, err := store.Put(t.Context(), castanet, files.Upload{Name: "x.jpg", Body: bytes.NewReader(body), Photo: true})
		if err == nil && got.Size == 0 {
			t.Fatal("an empty photo was kept")
		}
	})
}

// A block of twenty bytes can say that it lists 65,535 tags; a whole file of them is
// read in the time that its bytes take.
func TestPhotoThatClaimsTagsIsReadOnce(t *testing.T) {
	t.Parallel()
	block := jpegSegment(0xE1, "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff")
	body := append([]byte{0xFF, 0xD8}, bytes.Repeat(block, 4<<20/len(block))...)
	body = append(body, 0xFF, 0xD9)
	began := time.Now()
	if back := kept(t, "trou.jpg", body); len(back) != 4 {
		t.Errorf("%d bytes kept of an empty picture", len(back))
	}
	if took := time.Since(began); took > 15*time.Second { // minutes, where each claim is believed
		t.Errorf("took %s", took)
	}
}
