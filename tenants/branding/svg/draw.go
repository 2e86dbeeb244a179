package svg

import (
	"image"
	"math"
	"slices"
	"strings"
)

// maxWork bounds what drawing may cost, in pixels touched and edges crossed.
const maxWork = 150_000_000

// maxPoints bounds the points of one shape: outlines of strokes are kept in memory.
const maxPoints = 200_000

// Draw paints the picture, whole and undistorted, in the middle of a transparent
// sheet of these pixels. What asks for too much work is an *[Error], TooComplex.
func (p *Picture) Draw(width, height int) (*image.RGBA, error) {
	scale := min(float64(width)/p.box.w, float64(height)/p.box.h)
	view := matrix{scale, 0, 0, scale, (float64(width)-scale*p.box.w)/2 - scale*p.box.x, (float64(height)-scale*p.box.h)/2 - scale*p.box.y}
	s := &sheet{w: width, h: height, work: maxWork}
	d := drawing{picture: p, sheet: s, pixels: newLayer(width, height)}
	d.element(p.root, pen{to: view, fill: "black", stroke: "none", fillOpacity: 1, strokeOpacity: 1, width: 1, miter: 4})
	if s.work < 0 {
		return nil, refuse(TooComplex, 0, "")
	}
	return d.pixels.image(), nil
}

// drawing paints onto one layer.
type drawing struct {
	picture *Picture
	sheet   *sheet
	pixels  *layer
}

// pen is what an element inherits.
type pen struct {
	to                         matrix
	fill, stroke               string
	fillOpacity, strokeOpacity float64
	evenOdd, clipEvenOdd       bool
	width, miter               float64
	cap, join                  string
}

func (d *drawing) inherit(n *node, s pen) pen {
	for name, value := range n.attrs {
		switch name {
		case "fill":
			s.fill = value
		case "stroke":
			s.stroke = value
		case "fill-opacity":
			s.fillOpacity = share(value, 1)
		case "stroke-opacity":
			s.strokeOpacity = share(value, 1)
		case "fill-rule":
			s.evenOdd = value == "evenodd"
		case "clip-rule":
			s.clipEvenOdd = value == "evenodd"
		case "stroke-width":
			s.width = d.long(value, d.diagonal())
		case "stroke-miterlimit":
			s.miter, _ = length(value)
		case "stroke-linecap":
			s.cap = value
		case "stroke-linejoin":
			s.join = value
		case "transform":
			m, _ := parseTransform(value)
			s.to = s.to.then(m)
		}
	}
	return s
}

// long reads a length; a share is one of whole.
func (d *drawing) long(v string, whole float64) float64 {
	f, ok := length(v)
	switch {
	case !ok:
		return 0
	case strings.HasSuffix(v, "%"):
		return f * whole
	}
	return f
}

func (d *drawing) diagonal() float64 {
	return math.Hypot(d.picture.box.w, d.picture.box.h) / math.Sqrt2
}

// element paints an element and what it holds. What makes its content one (an opacity,
// a clip path) is painted on a layer of its own.
func (d *drawing) element(n *node, s pen) {
	if d.sheet.work < 0 || n.name == "defs" || n.name == "clipPath" || strings.HasSuffix(n.name, "Gradient") {
		return
	}
	s = d.inherit(n, s)
	opacity := share(n.attrs["opacity"], 1)
	clip := d.clipOf(n, s)
	if opacity == 1 && clip == nil {
		d.content(n, s)
		return
	}
	under := d.pixels
	d.pixels = newLayer(d.sheet.w, d.sheet.h)
	d.sheet.work -= 2 * d.sheet.w * d.sheet.h
	d.content(n, s)
	under.over(d.pixels, float32(opacity), clip)
	d.pixels = under
}

func (d *drawing) content(n *node, s pen) {
	switch n.name {
	case "svg", "g":
		for _, c := range n.children {
			d.element(c, s)
		}
	case "use":
		target, _ := targetOf(n.attrs["href"], "href")
		s.to = s.to.then(matrix{1, 0, 0, 1, d.long(n.attrs["x"], d.picture.box.w), d.long(n.attrs["y"], d.picture.box.h)})
		d.element(d.picture.ids[target], s)
	default:
		d.shape(n, s)
	}
}

// outline gives the lines of a basic shape.
func (d *drawing) outline(n *node) []line {
	w, h := d.picture.box.w, d.picture.box.h
	x := func(name string) float64 { return d.long(n.attrs[name], w) }
	y := func(name string) float64 { return d.long(n.attrs[name], h) }
	switch n.name {
	case "path":
		lines, _ := parsePath(n.attrs["d"])
		return lines
	case "rect":
		rx, ry := max(x("rx"), 0), max(y("ry"), 0)
		if n.attrs["rx"] == "" {
			rx = ry
		} else if n.attrs["ry"] == "" {
			ry = rx
		}
		if x("width") <= 0 || y("height") <= 0 {
			return nil
		}
		return box(rect{x("x"), y("y"), x("width"), y("height")}, rx, ry)
	case "circle":
		r := max(d.long(n.attrs["r"], d.diagonal()), 0)
		return ellipse(x("cx"), y("cy"), r, r)
	case "ellipse":
		return ellipse(x("cx"), y("cy"), max(x("rx"), 0), max(y("ry"), 0))
	case "line":
		return []line{{points: []point{{x("x1"), y("y1")}, {x("x2"), y("y2")}}}}
	case "polyline", "polygon":
		numbers := numbersOf(n.attrs["points"])
		l := line{closed: n.name == "polygon"}
		for i := 0; i+1 < len(numbers); i += 2 {
			l.points = append(l.points, point{numbers[i], numbers[i+1]})
		}
		return []line{l}
	}
	return nil
}

func (d *drawing) shape(n *node, s pen) {
	lines, points := d.outline(n), 0
	for _, l := range lines {
		points += len(l.points)
	}
	if points > maxPoints {
		d.sheet.work = -1
	}
	if points == 0 || d.sheet.work < 0 {
		return
	}
	if n.name != "line" {
		if paint := d.paint(s.fill, s.fillOpacity, s, lines); paint != nil {
			d.pixels.fill(d.sheet, mapped(lines, s.to), s.evenOdd, paint)
		}
	}
	if s.width > 0 && s.stroke != "none" {
		if paint := d.paint(s.stroke, s.strokeOpacity, s, lines); paint != nil {
			d.pixels.fill(d.sheet, mapped(stroked(lines, s), s.to), false, paint)
		}
	}
}

func mapped(lines []line, m matrix) [][]point {
	out := make([][]point, 0, len(lines))
	for _, l := range lines {
		points := make([]point, len(l.points))
		for i, p := range l.points {
			points[i] = m.apply(p)
		}
		out = append(out, points)
	}
	return out
}

// clipOf gives what a clip path leaves visible, pixel by pixel; nil is all.
func (d *drawing) clipOf(n *node, s pen) []float32 {
	target, ok := targetOf(n.attrs["clip-path"], "clip-path")
	if !ok {
		return nil
	}
	c := d.picture.ids[target]
	mask := newLayer(d.sheet.w, d.sheet.h)
	d.sheet.work -= 2 * d.sheet.w * d.sheet.h
	inner := drawing{picture: d.picture, sheet: d.sheet, pixels: mask}
	s.fill, s.stroke, s.fillOpacity = "black", "none", 1
	s.evenOdd, s.clipEvenOdd = false, false
	s = inner.inherit(c, s)
	for _, child := range c.children {
		inner.silhouette(child, s)
	}
	out := make([]float32, len(mask.a))
	copy(out, mask.a)
	if further := d.clipOf(c, s); further != nil {
		for i := range out {
			out[i] *= further[i]
		}
	}
	return out
}

// silhouette paints an element's shape alone, for a clip path.
func (d *drawing) silhouette(n *node, s pen) {
	if d.sheet.work < 0 {
		return
	}
	s = d.inherit(n, s)
	s.fill, s.stroke, s.fillOpacity, s.evenOdd = "black", "none", 1, s.clipEvenOdd
	switch n.name {
	case "g":
		for _, c := range n.children {
			d.silhouette(c, s)
		}
	case "use":
		target, _ := targetOf(n.attrs["href"], "href")
		s.to = s.to.then(matrix{1, 0, 0, 1, d.long(n.attrs["x"], d.picture.box.w), d.long(n.attrs["y"], d.picture.box.h)})
		d.silhouette(d.picture.ids[target], s)
	default:
		d.shape(n, s)
	}
}

// stroked gives the outline of a line drawn with a pen: a piece for each straight part,
// each corner and each end, all turned the same way so that together they are one.
func stroked(lines []line, s pen) []line {
	half := s.width / 2
	var out []line
	piece := func(points ...point) {
		if area(points) < 0 {
			slices.Reverse(points)
		}
		out = append(out, line{points: points, closed: true})
	}
	for _, l := range lines {
		points := distinct(l.points)
		if len(points) == 1 && s.cap == "round" {
			out = append(out, ellipse(points[0].x, points[0].y, half, half)...)
		}
		closed := l.closed && len(points) > 2
		if closed && points[0].sub(points[len(points)-1]).length() > 1e-9 {
			points = append(points, points[0])
		}
		for i := 0; i+1 < len(points); i++ {
			a, b := points[i], points[i+1]
			dir := b.sub(a).times(1 / b.sub(a).length())
			if s.cap == "square" && !closed {
				if i == 0 {
					a = a.sub(dir.times(half))
				}
				if i+2 == len(points) {
					b = b.add(dir.times(half))
				}
			}
			side := point{-dir.y, dir.x}.times(half)
			piece(a.add(side), b.add(side), b.sub(side), a.sub(side))
			switch {
			case i+2 < len(points):
				out = corner(out, points[i+1], dir, unit(points[i+2].sub(points[i+1])), s)
			case closed:
				out = corner(out, points[0], dir, unit(points[1].sub(points[0])), s)
			}
		}
		if s.cap == "round" && !closed && len(points) > 1 {
			for _, end := range []point{points[0], points[len(points)-1]} {
				out = append(out, ellipse(end.x, end.y, half, half)...)
			}
		}
	}
	return out
}

func unit(p point) point { return p.times(1 / p.length()) }

// corner joins two straight parts that meet at p.
func corner(out []line, p, before, after point, s pen) []line {
	half := s.width / 2
	turn := before.x*after.y - before.y*after.x
	cosine := before.x*after.x + before.y*after.y
	if math.Abs(turn) < 1e-6 && cosine > 0 {
		return out
	}
	if s.join == "round" && cosine < .95 { // those of a curve are too small to tell
		return append(out, ellipse(p.x, p.y, half, half)...)
	}
	outer := half
	if turn > 0 {
		outer = -half
	}
	a, b := p.add(point{-before.y, before.x}.times(outer)), p.add(point{-after.y, after.x}.times(outer))
	points := []point{p, a, b}
	// The mitre is 1/sin(half the angle between the lines) times the width.
	if sine := math.Sqrt(max(0, (1-cosine)/2)); s.join != "bevel" && sine < 1 {
		if ratio := 1 / math.Sqrt(1-sine*sine); ratio <= s.miter {
			tip := unit(a.sub(p).add(b.sub(p))).times(half * ratio)
			points = []point{p, a, p.add(tip), b}
		}
	}
	if area(points) < 0 {
		slices.Reverse(points)
	}
	return append(out, line{points: points, closed: true})
}

// distinct drops points that repeat the one before.
func distinct(points []point) []point {
	var out []point
	for _, p := range points {
		if len(out) == 0 || p.sub(out[len(out)-1]).length() > 1e-9 {
			out = append(out, p)
		}
	}
	return out
}

// area is twice the signed area of a polygon.
func area(points []point) float64 {
	var sum float64
	for i, p := range points {
		q := points[(i+1)%len(points)]
		sum += p.x*q.y - q.x*p.y
	}
	return sum
}
