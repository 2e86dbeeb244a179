package identity

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strconv"
	"strings"
)

// qrQuiet is the white border that a QR code needs, in modules (ISO/IEC 18004).
const qrQuiet = 4

// qrPath turns Kratos' picture of a QR code into an SVG path, so that a page needs
// no data: image (which its content policy refuses). The finder pattern in the upper
// left corner, seven modules wide, tells the size of a module.
func qrPath(picture []byte) (path string, size int, err error) {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", 0, errors.New("the QR code is not a PNG")
	}
	b := img.Bounds()
	dark := func(x, y int) bool {
		r, _, _, _ := img.At(x, y).RGBA()
		return r < 0x8000
	}
	at, found := firstDark(b, dark)
	if !found {
		return "", 0, errors.New("the QR code is empty")
	}
	run := 0
	for at.X+run < b.Max.X && dark(at.X+run, at.Y) {
		run++
	}
	module := run / 7
	if module == 0 || run%7 != 0 {
		return "", 0, errors.New("the QR code has no finder pattern")
	}
	// The code lies in the middle of its picture.
	modules := (b.Dx() - 2*(at.X-b.Min.X)) / module
	var d strings.Builder
	for row := range modules {
		for col := range modules {
			if dark(at.X+col*module+module/2, at.Y+row*module+module/2) {
				d.WriteString("M" + strconv.Itoa(col+qrQuiet) + " " + strconv.Itoa(row+qrQuiet) + "h1v1h-1z")
			}
		}
	}
	return d.String(), modules + 2*qrQuiet, nil
}

func firstDark(b image.Rectangle, dark func(x, y int) bool) (image.Point, bool) {
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if dark(x, y) {
				return image.Pt(x, y), true
			}
		}
	}
	return image.Point{}, false
}
