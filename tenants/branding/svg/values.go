package svg

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// maxNumber bounds every number of a picture, so that arithmetic stays finite.
const maxNumber = 1e7

type rect struct{ x, y, w, h float64 }

// number writes a number as SVG reads it.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func parseNumber(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > maxNumber || strings.ContainsAny(s, "xXpP_iI") {
		return 0, false
	}
	return f, true
}

// numbersOf reads a list of numbers; nil where it is none.
func numbersOf(s string) []float64 {
	in := scanner{text: s}
	var out []float64
	for !in.done() {
		f, ok := in.number()
		if !ok {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// units are what a length may be measured in, in user units.
var units = []struct {
	name string
	size float64
}{{"px", 1}, {"pt", 4. / 3}, {"mm", 96 / 25.4}, {"cm", 96 / 2.54}, {"in", 96}, {"pc", 16}}

// length reads a length; a share ("50%") is given as a part of 1.
func length(s string) (float64, bool) {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		f, ok := parseNumber(share)
		return f / 100, ok
	}
	for _, u := range units {
		if v, ok := strings.CutSuffix(s, u.name); ok {
			f, ok := parseNumber(strings.TrimSpace(v))
			return f * u.size, ok
		}
	}
	return parseNumber(s)
}

func isLength(v string) bool { _, ok := length(v); return ok }

// isShare tells a number or a percentage, as opacities and offsets are.
func isShare(v string) bool { _, ok := parseNumber(strings.TrimSuffix(v, "%")); return ok }

// share reads one, between 0 and 1.
func share(v string, otherwise float64) float64 {
	f, ok := length(v)
	if !ok {
		return otherwise
	}
	return min(max(f, 0), 1)
}

func isBox(v string) bool {
	n := numbersOf(v)
	return len(n) == 4 && n[2] > 0 && n[3] > 0
}

func isPoints(v string) bool { return numbersOf(v) != nil }

func isReference(v string) bool { _, ok := targetOf(v, "clip-path"); return ok }

// isPaint tells a colour, none, or a reference to a gradient.
func isPaint(v string) bool {
	return v == "none" || isColour(v) || strings.HasPrefix(v, "url(") && isReference(v)
}

func isColour(v string) bool { _, ok := parseColour(v); return ok }

// parseColour reads the ways in which drawing programs write colours.
func parseColour(v string) (color.NRGBA, bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	black := color.NRGBA{A: 255}
	switch {
	case v == "currentcolor":
		return black, true
	case v == "transparent":
		return color.NRGBA{}, true
	case strings.HasPrefix(v, "#"):
		return hex(v[1:])
	case strings.HasPrefix(v, "rgb"):
		_, inside, ok := strings.Cut(v, "(")
		inside, closed := strings.CutSuffix(inside, ")")
		parts := strings.FieldsFunc(inside, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
		if !ok || !closed || len(parts) < 3 || len(parts) > 4 {
			return black, false
		}
		c := [4]uint8{3: 255}
		for i, part := range parts {
			full := 255.
			if i == 3 {
				full = 1
			}
			f, ok := parseNumber(strings.TrimSuffix(part, "%"))
			if !ok {
				return black, false
			}
			if strings.HasSuffix(part, "%") {
				full = 100
			}
			c[i] = uint8(math.Round(min(max(f/full, 0), 1) * 255))
		}
		return color.NRGBA{c[0], c[1], c[2], c[3]}, true
	}
	named, ok := colornames.Map[v]
	return color.NRGBA{named.R, named.G, named.B, 255}, ok
}

func hex(v string) (color.NRGBA, bool) {
	if len(v) == 3 || len(v) == 4 {
		doubled := make([]byte, 0, 8)
		for i := range len(v) {
			doubled = append(doubled, v[i], v[i])
		}
		v = string(doubled)
	}
	if len(v) == 6 {
		v += "ff"
	}
	n, err := strconv.ParseUint(v, 16, 32)
	if err != nil || len(v) != 8 {
		return color.NRGBA{A: 255}, false
	}
	return color.NRGBA{uint8(n >> 24), uint8(n >> 16), uint8(n >> 8), uint8(n)}, true //nolint:gosec // cut to a byte on purpose
}

// matrix is an affine map: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// then gives the map that does n first, then m.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b, m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

func (m matrix) apply(p point) point {
	return point{m.a*p.x + m.c*p.y + m.e, m.b*p.x + m.d*p.y + m.f}
}

// inverse gives the map back; false where there is none.
func (m matrix) inverse() (matrix, bool) {
	det := m.a*m.d - m.b*m.c
	if math.Abs(det) < 1e-12 || math.IsInf(det, 0) || math.IsNaN(det) {
		return identity, false
	}
	return matrix{
		m.d / det, -m.b / det, -m.c / det, m.a / det,
		(m.c*m.f - m.d*m.e) / det, (m.b*m.e - m.a*m.f) / det,
	}, true
}

func isTransform(v string) bool { _, ok := parseTransform(v); return ok }

// parseTransform reads "translate(…) rotate(…)…".
func parseTransform(v string) (matrix, bool) {
	m := identity
	for v = strings.TrimSpace(v); v != ""; {
		name, rest, ok := strings.Cut(v, "(")
		inside, after, closed := strings.Cut(rest, ")")
		n := numbersOf(inside)
		if !ok || !closed || len(n) == 0 {
			return identity, false
		}
		one, ok := transformOf(strings.TrimSpace(name), n)
		if !ok {
			return identity, false
		}
		m = m.then(one)
		v = strings.TrimLeft(after, " ,\t\r\n")
	}
	for _, f := range []float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		if math.Abs(f) > maxNumber || math.IsNaN(f) {
			return identity, false
		}
	}
	return m, true
}

func transformOf(name string, n []float64) (matrix, bool) {
	for len(n) < 2 && name == "translate" {
		n = append(n, 0)
	}
	switch {
	case name == "matrix" && len(n) == 6:
		return matrix{n[0], n[1], n[2], n[3], n[4], n[5]}, true
	case name == "translate" && len(n) == 2:
		return matrix{1, 0, 0, 1, n[0], n[1]}, true
	case name == "scale" && len(n) == 1:
		return matrix{a: n[0], d: n[0]}, true
	case name == "scale" && len(n) == 2:
		return matrix{a: n[0], d: n[1]}, true
	case name == "rotate" && (len(n) == 1 || len(n) == 3):
		sin, cos := math.Sincos(n[0] * math.Pi / 180)
		turn := matrix{cos, sin, -sin, cos, 0, 0}
		if len(n) == 3 {
			return matrix{1, 0, 0, 1, n[1], n[2]}.then(turn).then(matrix{1, 0, 0, 1, -n[1], -n[2]}), true
		}
		return turn, true
	case name == "skewX" && len(n) == 1:
		return matrix{1, 0, math.Tan(n[0] * math.Pi / 180), 1, 0, 0}, true
	case name == "skewY" && len(n) == 1:
		return matrix{1, math.Tan(n[0] * math.Pi / 180), 0, 1, 0, 0}, true
	}
	return identity, false
}
