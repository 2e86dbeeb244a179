package citizen_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestAPersonReadsWhyTheirDates(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	p := b.Get("/demandes/"+number).Want(200, "").Follow("Pourquoi ces dates").Want(200, "/demandes/"+number+"/dates")
	if said := p.Text(".timeline"); !strings.Contains(said, "23 janvier 2027") || !strings.Contains(said, "L.231-1") {
		t.Errorf("the steps say %q", said)
	}
	d.Write(t, d.Tenant, agent(t, d), func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.AskDocuments(ctx, tx, number, requests.Notice{
			Items: []requests.NoticeItem{{Label: "Statuts", LegalBasis: "CSP, article L.3334-2", Indispensable: true}}, LimitOn: tx.Today().AddDays(15), Delivery: requests.DeliveryPost,
		}, r.Version)
		return err
	})
	p = b.Get("/demandes/"+number+"/dates").Want(200, "")
	if said := p.Text(".timeline"); strings.Contains(said, "23 janvier 2027") || !strings.Contains(said, "L.114-5") {
		t.Errorf("while papers are awaited the steps say %q", said)
	}
	d.Browser(t).Get("/demandes/"+number+"/dates").Want(200, "/suivi")
}
