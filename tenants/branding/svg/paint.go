package svg

import (
	"image"
	"math"
	"slices"
)

// sheet is the size of what is painted on, and how much work is left.
type sheet struct{ w, h, work int }

// layer is a sheet of pixels, premultiplied, each channel from 0 to 1.
type layer struct {
	w, h       int
	r, g, b, a []float32
}

func newLayer(w, h int) *layer {
	all := make([]float32, 4*w*h)
	n := w * h
	return &layer{w: w, h: h, r: all[:n], g: all[n : 2*n], b: all[2*n : 3*n], a: all[3*n:]}
}

// ink gives the colour at a pixel's middle, not premultiplied.
type ink func(x, y float64) (r, g, b, a float32)

func (l *layer) image() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, l.w, l.h))
	for i := range l.a {
		for c, v := range [...]float32{l.r[i], l.g[i], l.b[i], l.a[i]} {
			out.Pix[4*i+c] = uint8(min(max(v, 0), 1)*255 + .5)
		}
	}
	return out
}

// over lays another layer over this one.
func (l *layer) over(top *layer, opacity float32, clip []float32) {
	for i := range l.a {
		if top.a[i] == 0 {
			continue
		}
		f := opacity
		if clip != nil {
			f *= clip[i]
		}
		rest := 1 - top.a[i]*f
		l.r[i], l.g[i], l.b[i], l.a[i] = top.r[i]*f+l.r[i]*rest, top.g[i]*f+l.g[i]*rest, top.b[i]*f+l.b[i]*rest, top.a[i]*f+l.a[i]*rest
	}
}

// edge is one side of a polygon, from its upper to its lower end.
type edge struct {
	top, low float64
	x, slope float64 // x at the height 0
	down     int     // 1 downwards, -1 upwards
}

func edgesOf(polygons [][]point, height int) []edge {
	var out []edge
	for _, points := range polygons {
		for i, p := range points {
			q := points[(i+1)%len(points)]
			e := edge{top: p.y, low: q.y, down: 1}
			if p.y > q.y {
				e = edge{top: q.y, low: p.y, down: -1}
			}
			if !(e.low > e.top) || e.low <= 0 || e.top >= float64(height) { // NaN too
				continue
			}
			e.slope = (q.x - p.x) / (q.y - p.y)
			e.x = p.x - e.slope*p.y
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b edge) int {
		switch {
		case a.top < b.top:
			return -1
		case a.top > b.top:
			return 1
		}
		return 0
	})
	return out
}

// rows is how many lines a row of pixels is cut into.
const rows = 5

type crossing struct {
	x    float64
	down int
}

// fill paints what polygons enclose, with smooth borders: exact sideways, by rows
// lines up and down.
func (l *layer) fill(s *sheet, polygons [][]point, evenOdd bool, paint ink) {
	edges := edgesOf(polygons, l.h)
	s.work -= 2 * len(edges)
	if len(edges) == 0 {
		return
	}
	covered := make([]float32, l.w+1)
	var active []edge
	var crossings []crossing
	next := 0
	for y := max(0, int(edges[0].top)); y < l.h && s.work >= 0 && (next < len(edges) || len(active) > 0); y++ {
		clear(covered)
		left, right := l.w, 0
		for sub := range rows {
			at := float64(y) + (float64(sub)+.5)/rows
			for next < len(edges) && edges[next].top <= at {
				active = append(active, edges[next])
				next++
			}
			active = slices.DeleteFunc(active, func(e edge) bool { return e.low <= at })
			crossings = crossings[:0]
			for _, e := range active {
				crossings = append(crossings, crossing{e.x + e.slope*at, e.down})
			}
			s.work -= 4 * len(crossings)
			slices.SortFunc(crossings, func(a, b crossing) int {
				switch {
				case a.x < b.x:
					return -1
				case a.x > b.x:
					return 1
				}
				return 0
			})
			winding := 0
			for i, c := range crossings {
				winding += c.down
				inside := winding != 0
				if evenOdd {
					inside = i%2 == 0
				}
				if inside && i+1 < len(crossings) {
					from, to := span(covered[:l.w], c.x, crossings[i+1].x)
					left, right = min(left, from), max(right, to)
				}
			}
		}
		s.work -= max(0, right-left)
		l.row(y, left, min(right, l.w), covered, paint)
	}
}

// span adds what a line covers from x0 to x1, and tells which pixels.
func span(covered []float32, x0, x1 float64) (from, to int) {
	w := float64(len(covered))
	x0, x1 = min(max(x0, 0), w), min(max(x1, 0), w)
	if !(x1 > x0) {
		return len(covered), 0
	}
	from, to = int(x0), int(math.Ceil(x1))
	for x := from; x < to; x++ {
		covered[x] += float32(min(x1, float64(x+1))-max(x0, float64(x))) / rows
	}
	return from, to
}

func (l *layer) row(y, left, right int, covered []float32, paint ink) {
	for x := left; x < right; x++ {
		share := min(covered[x], 1)
		if share == 0 {
			continue
		}
		r, g, b, a := paint(float64(x)+.5, float64(y)+.5)
		a *= share
		i, rest := y*l.w+x, 1-a
		l.r[i], l.g[i], l.b[i], l.a[i] = r*a+l.r[i]*rest, g*a+l.g[i]*rest, b*a+l.b[i]*rest, a+l.a[i]*rest
	}
}

// paint gives the ink of a fill or a stroke; nil paints nothing.
func (d *drawing) paint(value string, opacity float64, s pen, lines []line) ink {
	if target, ok := targetOf(value, "fill"); ok {
		return d.gradient(d.picture.ids[target], opacity, s, lines)
	}
	c, ok := parseColour(value)
	if value == "none" || !ok || c.A == 0 || opacity == 0 {
		return nil
	}
	r, g, b, a := float32(c.R)/255, float32(c.G)/255, float32(c.B)/255, float32(c.A)/255*float32(opacity)
	return func(float64, float64) (float32, float32, float32, float32) { return r, g, b, a }
}

// stop is a colour of a gradient at a place from 0 to 1.
type stop struct {
	at         float64
	r, g, b, a float32
}

// gradient makes the ink of a linear or a radial gradient.
func (d *drawing) gradient(n *node, opacity float64, s pen, lines []line) ink {
	// A gradient takes from another what it does not say itself.
	attrs, stops, kind := map[string]string{}, []*node(nil), n.name
	for from, hops := n, 0; from != nil && hops < 16; hops++ {
		for name, value := range from.attrs {
			if _, said := attrs[name]; !said && name != "href" && name != "id" {
				attrs[name] = value
			}
		}
		if len(stops) == 0 {
			stops = from.children
		}
		target, ok := targetOf(from.attrs["href"], "href")
		if !ok {
			break
		}
		from = d.picture.ids[target]
	}
	colours := stopsOf(stops, opacity)
	if len(colours) == 0 {
		return nil
	}
	to, w, h := s.to, d.picture.box.w, d.picture.box.h
	if attrs["gradientUnits"] != "userSpaceOnUse" {
		b := bounds(lines)
		if b.w <= 0 || b.h <= 0 {
			return nil
		}
		to, w, h = to.then(matrix{b.w, 0, 0, b.h, b.x, b.y}), 1, 1
	}
	if m, ok := parseTransform(attrs["gradientTransform"]); ok {
		to = to.then(m)
	}
	back, ok := to.inverse()
	if !ok {
		return nil
	}
	place := func(name, otherwise string, whole float64) float64 {
		if v := attrs[name]; v != "" {
			otherwise = v
		}
		return d.long(otherwise, whole)
	}
	var along func(p point) float64
	if kind == "linearGradient" {
		a := point{place("x1", "0%", w), place("y1", "0%", h)}
		v := point{place("x2", "100%", w), place("y2", "0%", h)}.sub(a)
		size := v.x*v.x + v.y*v.y
		along = func(p point) float64 {
			if size == 0 {
				return 1
			}
			q := p.sub(a)
			return (q.x*v.x + q.y*v.y) / size
		}
	} else {
		along = radial(place, w, h)
	}
	spread := attrs["spreadMethod"]
	return func(x, y float64) (float32, float32, float32, float32) {
		return colourAt(colours, repeated(along(back.apply(point{x, y})), spread))
	}
}

func radial(place func(name, otherwise string, whole float64) float64, w, h float64) func(point) float64 {
	c := point{place("cx", "50%", w), place("cy", "50%", h)}
	r := place("r", "50%", math.Hypot(w, h)/math.Sqrt2)
	f := point{place("fx", number(c.x), w), place("fy", number(c.y), h)}
	if out := f.sub(c).length(); out > .99*r { // the focus lies inside
		f = c.add(f.sub(c).times(.99 * r / max(out, 1e-12)))
	}
	return func(p point) float64 {
		if r <= 0 {
			return 1
		}
		// The ray from the focus through p meets the circle at p·1/t.
		v, m := p.sub(f), f.sub(c)
		qa, qb, qc := v.x*v.x+v.y*v.y, 2*(v.x*m.x+v.y*m.y), m.x*m.x+m.y*m.y-r*r
		if qa < 1e-18 {
			return 0
		}
		k := (-qb + math.Sqrt(max(0, qb*qb-4*qa*qc))) / (2 * qa)
		return 1 / max(k, 1e-9)
	}
}

func stopsOf(nodes []*node, opacity float64) []stop {
	var out []stop
	for _, n := range nodes {
		if n.name != "stop" {
			continue
		}
		c, ok := parseColour(n.attrs["stop-color"])
		if !ok {
			c.A = 255
		}
		at := share(n.attrs["offset"], 0)
		if len(out) > 0 {
			at = max(at, out[len(out)-1].at)
		}
		a := float32(c.A) / 255 * float32(share(n.attrs["stop-opacity"], 1)*opacity)
		out = append(out, stop{at, float32(c.R) / 255, float32(c.G) / 255, float32(c.B) / 255, a})
	}
	return out
}

func repeated(t float64, spread string) float64 {
	switch spread {
	case "repeat":
		return t - math.Floor(t)
	case "reflect":
		t = math.Abs(math.Mod(t, 2))
		if t > 1 {
			return 2 - t
		}
		return t
	}
	return min(max(t, 0), 1)
}

func colourAt(stops []stop, t float64) (r, g, b, a float32) {
	last := stops[0]
	for _, s := range stops {
		if t < s.at {
			if s.at == last.at {
				return last.r, last.g, last.b, last.a
			}
			f := float32((t - last.at) / (s.at - last.at))
			if t < last.at {
				f = 0
			}
			mix := func(x, y float32) float32 { return x + (y-x)*f }
			return mix(last.r, s.r), mix(last.g, s.g), mix(last.b, s.b), mix(last.a, s.a)
		}
		last = s
	}
	return last.r, last.g, last.b, last.a
}

// bounds is the box around lines.
func bounds(lines []line) rect {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, l := range lines {
		for _, p := range l.points {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	return rect{low.x, low.y, high.x - low.x, high.y - low.y}
}
