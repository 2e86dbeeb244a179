package svg

import (
	"math"
	"strings"
)

type point struct{ x, y float64 }

func (p point) add(q point) point         { return point{p.x + q.x, p.y + q.y} }
func (p point) sub(q point) point         { return point{p.x - q.x, p.y - q.y} }
func (p point) times(f float64) point     { return point{p.x * f, p.y * f} }
func (p point) length() float64           { return math.Hypot(p.x, p.y) }
func between(p, q point, t float64) point { return point{p.x + (q.x-p.x)*t, p.y + (q.y-p.y)*t} }

// line is a run of points; a closed one comes back to its first.
type line struct {
	points []point
	closed bool
}

// scanner reads the numbers of a path, which need no space between them.
type scanner struct {
	text string
	at   int
}

func (s *scanner) skip() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n,", s.text[s.at]) >= 0 {
		s.at++
	}
}

func (s *scanner) done() bool { s.skip(); return s.at >= len(s.text) }

func (s *scanner) number() (float64, bool) {
	s.skip()
	from := s.at
	digits := func() {
		for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
			s.at++
		}
	}
	if s.at < len(s.text) && (s.text[s.at] == '-' || s.text[s.at] == '+') {
		s.at++
	}
	digits()
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		digits()
	}
	if s.at+1 < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') && strings.IndexByte("+-0123456789", s.text[s.at+1]) >= 0 {
		s.at += 2
		digits()
	}
	return parseNumber(s.text[from:s.at])
}

// flag reads one figure, 0 or 1, as arcs have them.
func (s *scanner) flag() (bool, bool) {
	s.skip()
	if s.at >= len(s.text) || s.text[s.at] != '0' && s.text[s.at] != '1' {
		return false, false
	}
	s.at++
	return s.text[s.at-1] == '1', true
}

func isPath(v string) bool { _, ok := parsePath(v); return ok }

// arguments is how many numbers each command takes.
var arguments = map[byte]int{'M': 2, 'L': 2, 'H': 1, 'V': 1, 'C': 6, 'S': 4, 'Q': 4, 'T': 2, 'A': 7, 'Z': 0}

// tracer follows the commands of a path.
type tracer struct {
	lines       []line
	at, start   point
	control     point // the last curve's second control point
	last        byte  // the last command, in capitals
	interrupted bool  // a Z came: the next command begins a new line
}

// parsePath reads the data of a path and makes its curves into short straight
// pieces, relative to its own size.
func parsePath(data string) ([]line, bool) {
	in, t := scanner{text: data}, tracer{}
	var command byte
	for !in.done() {
		c := in.text[in.at]
		if upper := c &^ 0x20; c >= 'A' && strings.IndexByte("MLHVCSQTAZ", upper) >= 0 {
			command = c
			in.at++
		} else if command == 0 || command&^0x20 == 'Z' {
			return nil, false
		}
		if len(t.lines) == 0 && command&^0x20 != 'M' {
			return nil, false
		}
		var n [7]float64
		upper := command &^ 0x20
		for i := range arguments[upper] {
			var ok bool
			if upper == 'A' && (i == 3 || i == 4) {
				var set bool
				if set, ok = in.flag(); set {
					n[i] = 1
				}
			} else {
				n[i], ok = in.number()
			}
			if !ok {
				return nil, false
			}
		}
		if !t.step(upper, command != upper, n) {
			return nil, false
		}
		if upper == 'M' { // further pairs are lines
			command = 'L' | command&0x20
		}
	}
	return t.lines, true
}

func (t *tracer) step(command byte, relative bool, n [7]float64) bool {
	from := point{}
	if relative {
		from = t.at
	}
	at := func(i int) point { return from.add(point{n[i], n[i+1]}) }
	mirrored := t.at
	switch {
	case command == 'S' && (t.last == 'C' || t.last == 'S'), command == 'T' && (t.last == 'Q' || t.last == 'T'):
		mirrored = t.at.times(2).sub(t.control)
	}
	if t.interrupted && command != 'M' && command != 'Z' {
		t.lines = append(t.lines, line{points: []point{t.at}})
		t.interrupted = false
	}
	switch command {
	case 'M':
		t.at = at(0)
		t.start, t.interrupted = t.at, false
		t.lines = append(t.lines, line{points: []point{t.at}})
	case 'L':
		t.to(at(0))
	case 'H':
		t.to(point{from.x + n[0], t.at.y})
	case 'V':
		t.to(point{t.at.x, from.y + n[0]})
	case 'C':
		t.cubic(at(0), at(2), at(4))
	case 'S':
		t.cubic(mirrored, at(0), at(2))
	case 'Q':
		t.quadratic(at(0), at(2))
	case 'T':
		t.quadratic(mirrored, at(0))
	case 'A':
		t.arc(n, at(5))
	case 'Z':
		t.lines[len(t.lines)-1].closed = true
		t.at, t.interrupted = t.start, true
	}
	t.last = command
	return math.Abs(t.at.x) <= maxNumber && math.Abs(t.at.y) <= maxNumber
}

func (t *tracer) to(p point) {
	l := &t.lines[len(t.lines)-1]
	l.points = append(l.points, p)
	t.at = p
}

// pieces is how many straight lines a curve becomes.
const pieces = 12

func (t *tracer) cubic(b, c, d point) {
	a := t.at
	for i := 1; i <= pieces; i++ {
		f := float64(i) / pieces
		ab, bc, cd := between(a, b, f), between(b, c, f), between(c, d, f)
		t.to(between(between(ab, bc, f), between(bc, cd, f), f))
	}
	t.control = c
}

func (t *tracer) quadratic(b, c point) {
	a := t.at
	t.cubic(between(a, b, 2./3), between(c, b, 2./3), c)
	t.control = b
}

// arc follows SVG 1.1, appendix F.6: from end points to centre.
func (t *tracer) arc(n [7]float64, to point) {
	from, rx, ry := t.at, math.Abs(n[0]), math.Abs(n[1])
	if rx < 1e-9 || ry < 1e-9 || from == to {
		t.to(to)
		return
	}
	sin, cos := math.Sincos(n[2] * math.Pi / 180)
	half := from.sub(to).times(.5)
	p := point{cos*half.x + sin*half.y, -sin*half.x + cos*half.y}
	if over := p.x*p.x/(rx*rx) + p.y*p.y/(ry*ry); over > 1 {
		rx, ry = rx*math.Sqrt(over), ry*math.Sqrt(over)
	}
	under := rx*rx*p.y*p.y + ry*ry*p.x*p.x
	f := math.Sqrt(max(0, (rx*rx*ry*ry-under)/under))
	if n[3] == n[4] {
		f = -f
	}
	c := point{f * rx * p.y / ry, -f * ry * p.x / rx}
	middle := between(from, to, .5).add(point{cos*c.x - sin*c.y, sin*c.x + cos*c.y})
	begin := math.Atan2((p.y-c.y)/ry, (p.x-c.x)/rx)
	sweep := math.Atan2((-p.y-c.y)/ry, (-p.x-c.x)/rx) - begin
	if n[4] == 1 && sweep < 0 {
		sweep += 2 * math.Pi
	} else if n[4] == 0 && sweep > 0 {
		sweep -= 2 * math.Pi
	}
	steps := max(2, int(math.Ceil(math.Abs(sweep)/(math.Pi/16))))
	for i := 1; i < steps; i++ {
		s, k := math.Sincos(begin + sweep*float64(i)/float64(steps))
		t.to(middle.add(point{cos*rx*k - sin*ry*s, sin*rx*k + cos*ry*s}))
	}
	t.to(to)
}

// ellipse gives an ellipse as a path.
func ellipse(cx, cy, rx, ry float64) []line {
	t := tracer{}
	t.step('M', false, [7]float64{cx + rx, cy})
	t.step('A', false, [7]float64{rx, ry, 0, 0, 1, cx - rx, cy})
	t.step('A', false, [7]float64{rx, ry, 0, 0, 1, cx + rx, cy})
	t.lines[0].closed = true
	return t.lines
}

// box gives a rectangle, with rounded corners where it has radii.
func box(r rect, rx, ry float64) []line {
	rx, ry = min(rx, r.w/2), min(ry, r.h/2)
	right, low := r.x+r.w, r.y+r.h
	t := tracer{}
	t.step('M', false, [7]float64{r.x + rx, r.y})
	corner := func(x1, y1, x2, y2 float64) {
		t.step('L', false, [7]float64{x1, y1})
		t.step('A', false, [7]float64{rx, ry, 0, 0, 1, x2, y2})
	}
	corner(right-rx, r.y, right, r.y+ry)
	corner(right, low-ry, right-rx, low)
	corner(r.x+rx, low, r.x, low-ry)
	corner(r.x, r.y+ry, r.x+rx, r.y)
	t.lines[0].closed = true
	return t.lines
}
