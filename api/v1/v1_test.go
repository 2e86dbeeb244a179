package v1_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// town is a deployment whose hosts answer with the API.
type town struct {
	*webtest.Deployment
	t    testing.TB
	host string
}

func open(t *testing.T, opts ...webtest.Option) *town {
	t.Helper()
	d := webtest.New(t, opts...)
	d.Serve(t, v1.New(d.Deps))
	return &town{Deployment: d, t: t, host: d.Registry.Host(d.Tenant.Slug)}
}

// neighbour is the same deployment, seen by the other commune's host.
func (w *town) neighbour() *town {
	other := *w
	other.host = w.Registry.Host(w.Other.Slug)
	return &other
}

// token gives an API token of an agent of the first commune.
func (w *town) token(role tenants.Role) string {
	w.t.Helper()
	var token string
	w.Write(w.t, w.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		agent, err := staff.Invite(ctx, tx, staff.NewAgent{
			Email: string(role) + "@castanet.example", GivenName: "Nour", FamilyName: "Alami", Title: "agent", Role: role, Subject: "subject of " + string(role),
		})
		if err != nil {
			return err
		}
		token, _, err = staff.IssueToken(ctx, tx, agent.ID, "test")
		return err
	})
	return token
}

// reply is an answer, read whole.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// call is an HTTP request: header pairs after the body.
func (w *town) call(method, path, body string, header ...string) reply {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.URL()+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host = w.host
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{w.t, answer.StatusCode, answer.Header, text}
}

func (w *town) get(path string, header ...string) reply {
	w.t.Helper()
	return w.call(http.MethodGet, path, "", header...)
}

func (w *town) post(path, body string, header ...string) reply {
	w.t.Helper()
	return w.call(http.MethodPost, path, body, header...)
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// into reads an answer of this status.
func (r reply) into(status int, v any) {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("the answer is %d: %s; want %d", r.status, r.body, status)
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatal(err)
	}
}

// problem reads an RFC 9457 problem of this status and code, and holds it to what
// every problem promises.
func (r reply) problem(status int, code string) v1.Problem {
	r.t.Helper()
	var p v1.Problem
	r.into(status, &p)
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("the problem comes as %q", got)
	}
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || p.Type != "urn:parvis:problem:"+code {
		r.t.Errorf("the problem is %+v; want %d %s with a sentence", p, status, code)
	}
	if (status == 429 || status == 503) && r.header.Get("Retry-After") == "" {
		r.t.Error("the problem does not say when to try again")
	}
	return p
}

// locations are those of a problem's errors, in order.
func locations(p v1.Problem) []string {
	out := []string{}
	for _, e := range p.Errors {
		out = append(out, e.Location)
	}
	return out
}

// report is a body that a street report is made with.
func report(change ...func(body map[string]any)) string {
	body := map[string]any{
		"procedure": "signalement-voirie", "channel": "api",
		"applicant": map[string]any{
			"given_name": "Aminata", "family_name": "Lefèvre", "email": "aminata@example.fr", "phone": "06 39 98 00 01",
			"postal_address": "3 rue des Écoles\n31320 Castanet-Tolosan",
		},
		"answers": map[string]any{"categorie": "eclairage", "danger": "non", "lieu": "Place de la Mairie"},
	}
	for _, c := range change {
		c(body)
	}
	return marshal(body)
}

// chairs is a body that a loan is asked with: a request that silence decides.
func chairs() string {
	return report(func(b map[string]any) {
		b["procedure"] = "pret-materiel"
		b["answers"] = map[string]any{
			"emprunteur": "association", "organisme_nom": "Amis de l’école", "manifestation": "Kermesse",
			"lieu":       map[string]any{"street": "12 avenue de Toulouse", "postal_code": "31320", "town": "Castanet-Tolosan"},
			"date_debut": "2027-06-12", "date_fin": "2027-06-13", "materiel": []string{"tables"}, "nombre_tables": 12, "remise": "retrait", "engagement": true,
		}
	})
}

func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.String()
}

// file sends a request and gives what was answered.
func (w *town) file(body string, header ...string) v1.Filed {
	w.t.Helper()
	var filed v1.Filed
	w.post("/api/v1/requests", body, header...).into(http.StatusCreated, &filed)
	return filed
}
