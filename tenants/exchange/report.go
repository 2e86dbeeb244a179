package exchange

import (
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Report says what became of every part of what was read.
type Report struct {
	From      string               `json:"from"`             // wcs, ds or formio
	Title     string               `json:"title"`            // of what was read
	Questions Tally                `json:"questions"`        // questions of the source, whatever stands around them
	Carried   []Item               `json:"carried"`          // as it was
	Changed   []Item               `json:"changed"`          // otherwise, with the reason
	Lost      []Item               `json:"lost"`             // not at all, with the reason
	Complete  []Gap                `json:"to_complete"`      // what the result lacks before it can be opened
	Procedure *catalogue.Procedure `json:"procedure"`        // the result, in our own format
	States    []State              `json:"states,omitempty"` // the workflow that the source had
}

// Tally counts questions by what became of them.
type Tally struct {
	Carried int `json:"carried"`
	Changed int `json:"changed"`
	Lost    int `json:"lost"`
}

// Item is one part of a source. Path is its place there; What says which question or text
// it belongs to; Text is what stood there, shortened; To is where it is now in our
// format; Reason is French. Whole says that all below it had the same fate.
type Item struct {
	File   string `json:"file,omitempty"`
	Path   string `json:"path"`
	What   string `json:"what,omitempty"`
	Text   string `json:"text,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
	Whole  bool   `json:"whole,omitempty"`
}

// Gap is something to be completed.
type Gap struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// State is a step of the source's workflow, for whoever will build it anew.
type State struct {
	Name    string   `json:"name"`
	Actions []string `json:"actions,omitempty"` // in French
}

const (
	maxShown = 300 // characters of a source's text in a report
	unknown  = "Nous ne connaissons pas cette partie du format"
)

// tell walks a tree and lists what became of its nodes; nothing is left out. A node whose
// whole branch had one fate, for one reason, stands for its branch.
func (r *Report) tell(file string, n *source) {
	whole := n.uniform()
	switch n.fate {
	case fateCarried:
		r.Carried = append(r.Carried, n.item(file, whole))
	case fateChanged:
		r.Changed = append(r.Changed, n.item(file, whole))
	default:
		if n.reason == "" {
			n.reason = unknown
		}
		r.Lost = append(r.Lost, n.item(file, whole))
	}
	if whole {
		return
	}
	for _, k := range n.kids {
		r.tell(file, k)
	}
}

// uniform tells whether all that is below a node had its fate.
func (n *source) uniform() bool {
	for _, k := range n.kids {
		if k.fate != n.fate || k.to != n.to || k.reason != n.reason || !k.uniform() {
			return false
		}
	}
	return true
}

func (n *source) item(file string, whole bool) Item {
	text := n.text
	if whole && text == "" {
		text = n.inner()
	}
	return Item{File: file, Path: n.path, What: n.what, Text: shortened(text, maxShown), To: n.to, Reason: n.reason, Whole: whole && len(n.kids) > 0}
}

// inner gives the first texts below a node, so that a report shows what was there.
func (n *source) inner() string {
	out := ""
	for _, k := range n.kids {
		if k.text != "" {
			out += " " + k.name + "=" + k.text
		} else {
			out += k.inner()
		}
		if len(out) > 2*maxShown {
			break
		}
	}
	return out
}

func shortened(s string, limit int) string {
	runes := 0
	for i := range s {
		if runes++; runes > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// gaps lists what keeps the result from being opened.
func gaps(problems []forms.Problem) []Gap {
	out := make([]Gap, len(problems))
	for i, p := range problems {
		out[i] = Gap{p.Path, p.Message}
	}
	return out
}
