package agent

import (
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

// chart is a bar chart of requests by month; the table beside it holds the truth.
type chart struct {
	Title, Description string
	Width, Height      int
	Lines              []chartLine
	Bars               []chartBar
	Base               int // y of the axis
}

// chartLine is one line of the scale.
type chartLine struct {
	Y     int
	Label string
}

// chartBar is one month: what came in, and what was ended.
type chartBar struct {
	X, Y, Width, Height        int
	X2, Y2, Height2            int
	Label, Value               string
	LabelX, LabelY, ValueY, MX int
}

// Sizes of the drawing, in its own units.
const (
	chartWidth  = 760
	chartTop    = 24
	chartBase   = 200
	chartHeight = 228
	chartLeft   = 44
)

// newChart draws the months; nil where there is nothing to draw.
func newChart(months []statistics.Line, title string) *chart {
	most := 0
	for _, m := range months {
		most = max(most, m.Received, m.Closed)
	}
	if most == 0 || len(months) > 36 {
		return nil
	}
	top := roundUp(most)
	c := &chart{Title: "Demandes reçues et terminées par mois", Description: title + ". Les chiffres sont dans le tableau qui suit.", Width: chartWidth, Height: chartHeight, Base: chartBase}
	height := func(n int) int { return n * (chartBase - chartTop) / top }
	for _, part := range []int{0, 1, 2} {
		n := top * part / 2
		c.Lines = append(c.Lines, chartLine{Y: chartBase - height(n), Label: web.Number(n)})
	}
	step := (chartWidth - chartLeft) / len(months)
	width := max(step*2/5, 3)
	for i, m := range months {
		x := chartLeft + i*step + (step-2*width)/2
		b := chartBar{
			X: x, Width: width, Height: height(m.Received), X2: x + width, Height2: height(m.Closed), Value: web.Number(m.Received),
			LabelX: x + width, LabelY: chartBase + 18, MX: x + width/2,
		}
		b.Y, b.Y2 = chartBase-b.Height, chartBase-b.Height2
		b.ValueY = b.Y - 5
		if d, err := calendar.ParseDate(m.Key + "-01"); err == nil && (len(months) <= 18 || d.Month == 1 || d.Month == 7) {
			b.Label = shortMonths[d.Month-1]
			if d.Month == 1 || i == 0 {
				b.Label += " " + two(d.Year%100)
			}
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

var shortMonths = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}

// roundUp gives the top of a scale: 1, 2 or 5 times a power of ten, and even.
func roundUp(n int) int {
	for scale := 1; ; scale *= 10 {
		for _, f := range []int{2, 4, 6, 10} {
			if n <= f*scale {
				return f * scale
			}
		}
	}
}
