package agent

import (
	"strconv"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/workflow"
)

// circuitPicture is a workflow as a drawing; the list beside it says the same in words.
type circuitPicture struct {
	Width, Height int
	Boxes         []circuitBox
	Ways          []circuitWay
}

type circuitBox struct {
	X, Y, Width, Height    int
	Lines                  []circuitLine
	Decides, Wrong, Starts bool
}

type circuitLine struct {
	X, Y int
	Text string
}

// circuitWay is a transition: a curve, and the head of its arrow.
type circuitWay struct {
	Path, Head string
	Auto       bool
}

// Sizes of the drawing, in pixels.
const (
	boxWidth, boxHeight = 170, 64
	gapX, gapY          = 70, 46
	boxMargin           = 40
	lineLetters         = 20
)

// draw draws a workflow; wrong are the steps that something is said against.
func draw(w *workflow.Workflow, wrong map[string]bool) *circuitPicture {
	if len(w.Steps) == 0 {
		return nil
	}
	p := &circuitPicture{}
	at := map[string]circuitBox{}
	for i, spot := range w.Layout() {
		b := circuitBox{
			X: boxMargin + spot.Col*(boxWidth+gapX), Y: boxMargin + spot.Row*(boxHeight+gapY), Width: boxWidth, Height: boxHeight,
			Decides: spot.Step.Decides, Wrong: wrong[spot.Step.Name], Starts: i == 0,
		}
		texts := folded(spot.Step.Title)
		for n, text := range texts {
			b.Lines = append(b.Lines, circuitLine{b.X + boxWidth/2, b.Y + boxHeight/2 + 5 + (2*n-len(texts)+1)*9, text})
		}
		p.Width, p.Height = max(p.Width, b.X+boxWidth+boxMargin), max(p.Height, b.Y+boxHeight+boxMargin)
		at[spot.Step.Name] = b
		p.Boxes = append(p.Boxes, b)
	}
	for _, t := range w.Transitions {
		from, ok := at[t.From]
		to, known := at[t.To]
		if ok && known {
			p.Ways = append(p.Ways, wayBetween(from, to, t.Auto))
		}
	}
	return p
}

// wayBetween leads onward from side to side, in a column from below to above, and back over the top.
func wayBetween(a, b circuitBox, auto bool) circuitWay {
	n := strconv.Itoa
	way := circuitWay{Auto: auto}
	switch {
	case b.X > a.X:
		x1, y1, x2, y2 := a.X+a.Width, a.Y+a.Height/2, b.X, b.Y+b.Height/2
		mid := (x1 + x2) / 2
		way.Path = "M" + n(x1) + " " + n(y1) + "C" + n(mid) + " " + n(y1) + " " + n(mid) + " " + n(y2) + " " + n(x2-8) + " " + n(y2)
		way.Head = "M" + n(x2) + " " + n(y2) + "l-10 -5v10z"
	case b.X == a.X && b.Y > a.Y:
		x, y1, y2 := a.X+a.Width/2, a.Y+a.Height, b.Y
		way.Path = "M" + n(x) + " " + n(y1) + "V" + n(y2-8)
		way.Head = "M" + n(x) + " " + n(y2) + "l-5 -10h10z"
	default:
		x1, y1, x2, y2 := a.X+a.Width/2-14, a.Y, b.X+b.Width/2+14, b.Y
		top := min(y1, y2) - 30
		way.Path = "M" + n(x1) + " " + n(y1) + "C" + n(x1) + " " + n(top) + " " + n(x2) + " " + n(top) + " " + n(x2) + " " + n(y2-8)
		way.Head = "M" + n(x2) + " " + n(y2) + "l-5 -10h10z"
	}
	return way
}

// folded breaks a title into two lines at most.
func folded(title string) []string {
	if utf8.RuneCountInString(title) <= lineLetters {
		return []string{title}
	}
	letters := []rune(title)
	cut := 0
	for i, r := range letters {
		if r == ' ' && i <= lineLetters {
			cut = i
		}
	}
	if cut == 0 {
		cut = lineLetters
	}
	rest := []rune(string(letters[cut:]))
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	if len(rest) > lineLetters {
		rest = append(rest[:lineLetters-1], '…')
	}
	return []string{string(letters[:cut]), string(rest)}
}
