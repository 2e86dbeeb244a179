package branding

import (
	"encoding/binary"
	"image"
	"image/color"
	"slices"
)

// sample is a colour, its four channels premultiplied.
type sample [4]uint8

// coarse rounds a pixel to one of 32 levels a channel: few enough to count.
func coarse(pixel []uint8) sample {
	const level = 0xF8
	s := sample{pixel[0] & level, pixel[1] & level, pixel[2] & level, pixel[3] & level}
	for c := range s {
		s[c] |= s[c] >> 5 // the highest is full again
	}
	return s
}

// box is a part of a picture's colours, with the channel in which they spread widest.
type box struct {
	of             []sample
	channel, width int
}

func boxOf(of []sample) box {
	b := box{of: of}
	for c := range 4 {
		low, high := 255, 0
		for _, s := range of {
			low, high = min(low, int(s[c])), max(high, int(s[c]))
		}
		if high-low > b.width {
			b.channel, b.width = c, high-low
		}
	}
	return b
}

// fewer gives the same picture in so many colours, by median cut: the box of colours
// that spreads widest is cut in two until there are enough.
func fewer(sheet *image.RGBA, colours int) *image.Paletted {
	counts := map[sample]int{}
	for i := 0; i+3 < len(sheet.Pix); i += 4 {
		counts[coarse(sheet.Pix[i:i+4])]++
	}
	all := make([]sample, 0, len(counts))
	for s := range counts {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b sample) int { return slices.Compare(a[:], b[:]) })
	boxes := []box{boxOf(all)}
	for len(boxes) < colours {
		widest := 0
		for i := range boxes {
			if boxes[i].width > boxes[widest].width {
				widest = i
			}
		}
		cut := boxes[widest]
		if cut.width == 0 {
			break
		}
		slices.SortStableFunc(cut.of, func(a, b sample) int { return int(a[cut.channel]) - int(b[cut.channel]) })
		boxes[widest] = boxOf(cut.of[:len(cut.of)/2])
		boxes = append(boxes, boxOf(cut.of[len(cut.of)/2:]))
	}
	out := image.NewPaletted(sheet.Bounds(), nil)
	index := map[sample]uint8{}
	for i, b := range boxes {
		var sum [4]int
		total := 0
		for _, s := range b.of {
			n := counts[s]
			total += n
			for c := range 4 {
				sum[c] += n * int(s[c])
			}
			index[s] = uint8(i) //nolint:gosec // at most 255
		}
		mean := func(c int) uint8 { return uint8(sum[c] / max(total, 1)) } //nolint:gosec // a mean of bytes
		out.Palette = append(out.Palette, color.RGBA{mean(0), mean(1), mean(2), mean(3)})
	}
	for i := range out.Pix {
		out.Pix[i] = index[coarse(sheet.Pix[4*i:4*i+4])]
	}
	return out
}

// orientation reads how a camera was held (Exif 2.3, 4.6.4, tag 274): 1 to 8; 1 where
// the file does not say.
func orientation(jpeg []byte) int {
	for i := 2; i+4 <= len(jpeg) && jpeg[i] == 0xFF && jpeg[i+1] != 0xDA; {
		size := int(binary.BigEndian.Uint16(jpeg[i+2:]))
		end := i + 2 + size
		if size < 2 || end > len(jpeg) {
			break
		}
		if body := jpeg[i+4 : end]; jpeg[i+1] == 0xE1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00" {
			return orientationOf(body[6:])
		}
		i = end
	}
	return 1
}

func orientationOf(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	for n, i := int64(order.Uint16(tiff[at:])), at+2; n > 0 && i+12 <= int64(len(tiff)); n, i = n-1, i+12 {
		if order.Uint16(tiff[i:]) == 274 {
			if v := int(order.Uint16(tiff[i+8:])); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// upright turns a picture as it was seen.
func upright(img image.Image, held int) image.Image {
	if held == 1 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if held >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [...]image.Point{
				2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x},
				6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
			}[held]
			out.Set(to.X, to.Y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}
