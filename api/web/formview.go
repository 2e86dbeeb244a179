package web

import "github.com/parvis-gru/parvis/tenants/forms"

// StepErrors makes the error summary of a step of a form.
func StepErrors(v forms.StepView) ErrorSummary {
	out := make(ErrorSummary, 0, len(v.Errors))
	for _, e := range v.Errors {
		out = append(out, ErrorLink{ID: e.InputID, Message: e.Message})
	}
	return out
}

// SummaryOf lists the answers of one step; edit, where not empty, is the address at
// which the step can be corrected.
func SummaryOf(s forms.SummaryStep, edit string) SummaryList {
	out := make(SummaryList, 0, len(s.Rows))
	for _, row := range s.Rows {
		item := SummaryItem{Key: row.Label, Value: row.Value, Lines: row.Lines}
		for _, f := range row.Files {
			item.Lines = append(item.Lines, f.Name+" ("+Size(f.Size)+")")
		}
		if !row.Filled {
			item.Value, item.Lines = "Non renseigné", nil
		}
		if len(item.Lines) > 0 {
			item.Value = ""
		}
		if edit != "" {
			item.Action = Link{Label: "Modifier", URL: edit}
		}
		out = append(out, item)
	}
	return out
}
