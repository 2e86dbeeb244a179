package exchange

import (
	"encoding/json"

	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// Export writes a procedure with its form and letters as [catalogue.ParseProcedure] reads
// it back, indented, to be kept, compared or sent to another commune.
func Export(p *catalogue.Procedure) ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
