package archive

import (
	"context"
	"encoding/csv"
	"io"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

const sqlRequests = `select r.number, r.title, r.kind, r.channel, r.state, coalesce(s.name, ''), coalesce(a.given_name || ' ' || a.family_name, ''),
		r.received_on::text, coalesce(r.due_on::text, ''), coalesce(r.decided_on::text, ''), coalesce(r.closed_on::text, ''),
		r.given_name, r.family_name, r.organisation, r.email, r.phone, r.postal_address, r.id::text
	from request r left join service s on s.id = r.service_id left join agent a on a.id = r.agent_id order by r.received_at, r.id`

var spreadsheetHead = []string{
	"Numéro", "Démarche", "Nature", "Canal", "État", "Service", "Agent", "Reçue le", "À répondre avant le", "Décidée le", "Close le",
	"Prénom", "Nom", "Organisme", "Courriel", "Téléphone", "Adresse", "Identifiant",
}

// spreadsheet writes the requests for people: with a mark by which spreadsheets know
// UTF-8, semicolons as in France, and nothing that a spreadsheet would compute.
func spreadsheet(ctx context.Context, tx *tenants.Tx, w io.Writer) error {
	rows, err := tx.Query(ctx, sqlRequests)
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	if err := out.Write(spreadsheetHead); err != nil {
		return err
	}
	cells, places := make([]string, len(spreadsheetHead)), make([]any, len(spreadsheetHead))
	for i := range cells {
		places[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i, c := range cells {
			cells[i] = inert(c)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// inert keeps a spreadsheet from taking what somebody typed for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
