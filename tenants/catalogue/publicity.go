package catalogue

import (
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Publicity says that an express decision would be made known to third parties, who may
// contest it: a request whose silence accepts is then published as soon as it comes, with the
// day on which it will be deemed accepted (CRPA L.232-2). Nothing of who asks is published,
// and of the answers the named ones alone.
type Publicity struct {
	Fields     []string `json:"fields"` // of the form: where, what
	LegalBasis string   `json:"legal_basis"`
}

// Publishes gives what is published of a request, as the procedure declares, or as the
// library's procedure of the same name does: a version of before there was a word for it does
// not say. None where nothing is.
func (p *Procedure) Publishes() (Publicity, bool) {
	own := p.Publicity
	if m, ok := Model(p.Slug); own == nil && ok {
		own = m.Publicity
	}
	if own == nil || p.Silence.Effect != calendar.Acceptance || p.Form == nil {
		return Publicity{}, false
	}
	return *own, true
}

// publicity holds what is published to the form's own questions, and to a silence that accepts.
func (c *checker) publicity() {
	p := c.p.Publicity
	if p == nil {
		return
	}
	if c.p.Silence.Effect != calendar.Acceptance {
		c.add("publicity", "contradiction", "Seule une demande que le silence accepte est publiée (CRPA, article\u00a0L.232-2)")
	}
	c.want(p.LegalBasis != "", "publicity/legal_basis", "Indiquez le texte qui veut que les tiers en soient informés")
	for _, id := range p.Fields {
		if c.p.Form == nil {
			break
		}
		if f, known := c.p.Form.Field(id); !known || f.Kind == "file" {
			c.add("publicity/fields", "unknown", "Cette question n’existe pas dans le formulaire\u00a0: "+id)
		}
	}
}
