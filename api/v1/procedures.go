package v1

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Silence is what no answer means.
type Silence struct {
	Effect string `json:"effect" enum:"acceptance,rejection,none" doc:"What the town's silence means"`
	Months int    `json:"months" doc:"After how many months; 0 where silence decides nothing"`
}

// SilenceDay is what no answer means, and until when.
type SilenceDay struct {
	Effect  string  `json:"effect" enum:"acceptance,rejection,none" doc:"What the town's silence means"`
	LastDay *string `json:"last_day" format:"date" doc:"The last day for an answer; null where silence decides nothing; while documents are waited for, the one that holds if they come on their last day"`
}

// effectOf gives a silence rule's effect as the API says it: a declaration has no
// effect of silence either.
func effectOf(e calendar.Effect) string {
	if e.Decides() {
		return string(e)
	}
	return string(calendar.None)
}

// ProcedureItem is a procedure in the list.
type ProcedureItem struct {
	Slug    string  `json:"slug"`
	Title   string  `json:"title"`
	Summary string  `json:"summary"`
	Kind    string  `json:"kind" enum:"request,declaration,report,information"`
	Silence Silence `json:"silence"`
}

// Piece is a document to bring.
type Piece struct {
	Label         string `json:"label"`
	LegalBasis    string `json:"legal_basis" doc:"The text that requires it"`
	Indispensable bool   `json:"indispensable"`
}

// ProcedureDetail is a procedure with what it asks.
type ProcedureDetail struct {
	ProcedureItem
	Version    int             `json:"version" doc:"A published version never changes"`
	Intro      []string        `json:"intro"`
	Cost       string          `json:"cost"`
	Minutes    int             `json:"minutes" doc:"Minutes that filling in takes"`
	Bring      []Piece         `json:"bring"`
	LegalBasis string          `json:"silence_basis" doc:"The article that the silence rule rests on"`
	Form       json.RawMessage `json:"form" doc:"JSON Schema 2020-12 of the request's answers"`
}

type procedureList struct {
	Body struct {
		Items []ProcedureItem `json:"items"`
	}
}

type procedureBody struct {
	Body ProcedureDetail
}

type slugInput struct {
	Slug string `path:"slug" maxLength:"63" doc:"The procedure's slug"`
}

// schemaBody is a JSON Schema, as it is.
type schemaBody struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// schemaType is the media type of a JSON Schema.
const schemaType = "application/schema+json"

// schemaAnswer describes what gives a JSON Schema.
func schemaAnswer(what string) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: what, Content: map[string]*huma.MediaType{schemaType: {Schema: &huma.Schema{Type: huma.TypeObject}}}}}
}

// schemas registers the two schemas: of the answers to one procedure, and of the format
// that procedures are written in.
func (s *Server) schemas() {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-procedure-schema", Method: http.MethodGet, Path: "/api/v1/procedures/{slug}/schema.json", Summary: "The JSON Schema of the answers to one procedure",
		Description: "JSON Schema 2020-12 of the `answers` that a request for this procedure takes, as a document of its own: the same as `form` in the procedure's detail. The schema of the format that procedures themselves are written in, exported and imported in is at " + exchange.SchemaPath + ".",
		Tags:        []string{"procedures"}, Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable}, Responses: schemaAnswer("JSON Schema 2020-12 of the answers"),
	}, func(ctx context.Context, in *slugInput) (*schemaBody, error) {
		out := &schemaBody{ContentType: schemaType}
		err := s.read(ctx, Caller{}, func(tx *tenants.Tx) error {
			e, err := catalogue.BySlug(ctx, tx, in.Slug)
			if err != nil {
				return err
			}
			if !e.Open || e.Procedure().Form == nil { // a procedure that is done elsewhere asks nothing here
				return fault.New(fault.NotFound, "procedure_unknown")
			}
			tables, err := catalogue.TablesFor(ctx, tx, e.Procedure())
			out.Body = e.Procedure().Form.JSONSchemaWith(tables)
			return err
		})
		return out, err
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "get-format-schema", Method: http.MethodGet, Path: exchange.SchemaPath, Summary: "The JSON Schema of the format of procedures",
		Description: "JSON Schema 2020-12 of the format that a procedure, with its form and letters, is exported and imported in. It is the same on every host.",
		Tags:        []string{"procedures"}, Responses: schemaAnswer("JSON Schema 2020-12 of a procedure"),
	}, func(context.Context, *struct{}) (*schemaBody, error) {
		return &schemaBody{ContentType: schemaType, Body: exchange.Schema()}, nil
	})
}

// procedures registers what can be asked for.
func (s *Server) procedures() {
	huma.Register(s.api, huma.Operation{
		OperationID: "list-procedures", Method: http.MethodGet, Path: "/api/v1/procedures", Summary: "The procedures that are open",
		Tags: []string{"procedures"}, Errors: []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ *struct{}) (*procedureList, error) {
		out := &procedureList{}
		out.Body.Items = []ProcedureItem{}
		err := s.read(ctx, Caller{}, func(tx *tenants.Tx) error {
			entries, err := catalogue.List(ctx, tx)
			for _, e := range entries {
				if e.Open {
					out.Body.Items = append(out.Body.Items, itemOf(e))
				}
			}
			return err
		})
		return out, err
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "get-procedure", Method: http.MethodGet, Path: "/api/v1/procedures/{slug}", Summary: "One procedure, with its form",
		Tags: []string{"procedures"}, Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *slugInput) (*procedureBody, error) {
		out := &procedureBody{}
		err := s.read(ctx, Caller{}, func(tx *tenants.Tx) error {
			e, err := catalogue.BySlug(ctx, tx, in.Slug)
			if err != nil {
				return err
			}
			if !e.Open {
				return fault.New(fault.NotFound, "procedure_unknown")
			}
			tables, err := catalogue.TablesFor(ctx, tx, e.Procedure())
			out.Body = detailOfProcedure(e, tables)
			return err
		})
		return out, err
	})
}

func itemOf(e catalogue.Entry) ProcedureItem {
	p := e.Procedure()
	return ProcedureItem{
		Slug: e.Slug, Title: p.Title, Summary: p.Summary, Kind: string(p.Kind),
		Silence: Silence{Effect: effectOf(p.Silence.Effect), Months: p.Silence.Months},
	}
}

func detailOfProcedure(e catalogue.Entry, tables forms.Tables) ProcedureDetail {
	p := e.Procedure()
	d := ProcedureDetail{
		ProcedureItem: itemOf(e), Version: e.Version.Number, Intro: p.Intro, Cost: p.Cost, Minutes: p.Minutes,
		Bring: []Piece{}, LegalBasis: p.Silence.Source, Form: json.RawMessage("null"),
	}
	for _, piece := range p.Bring {
		d.Bring = append(d.Bring, Piece{Label: piece.Label, LegalBasis: piece.LegalBasis, Indispensable: piece.Indispensable})
	}
	if p.Form != nil {
		d.Form = p.Form.JSONSchemaWith(tables)
	}
	return d
}
