package v1_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/exchange"
)

// parse reads JSON as the schema library wants it.
func parse(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The schema that a procedure's page gives compiles as JSON Schema 2020-12 and
// agrees with what the API takes.
func TestFormSchemasAgreeWithTheDoor(t *testing.T) {
	t.Parallel()
	w := open(t)
	var list struct{ Items []v1.ProcedureItem }
	w.get("/api/v1/procedures").into(200, &list)
	for _, item := range list.Items {
		var detail v1.ProcedureDetail
		w.get("/api/v1/procedures/"+item.Slug).into(200, &detail)
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("form.json", parse(t, detail.Form)); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile("form.json")
		if err != nil {
			t.Fatalf("%s: %v", item.Slug, err)
		}
		if schema.DraftVersion != 2020 {
			t.Errorf("%s: JSON Schema %d", item.Slug, schema.DraftVersion)
		}
		samples, err := os.ReadFile(filepath.Join("..", "..", "tenants", "catalogue", "testdata", "answers", item.Slug+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var cases []map[string]json.RawMessage
		if err := json.Unmarshal(samples, &cases); err != nil {
			t.Fatal(err)
		}
		for i, answers := range cases {
			if bytes.Contains(samples, []byte(`"photo"`)) {
				delete(answers, "photo") // files come by the pages
			}
			for id, value := range answers {
				if bytes.Contains(value, []byte(`"size"`)) {
					delete(answers, id)
				}
			}
			text := marshal(answers)
			judged := schema.Validate(parse(t, []byte(text)))
			r := w.post("/api/v1/requests", report(set(item.Slug, "procedure"), set(json.RawMessage(text), "answers")))
			if judged != nil || r.status != 201 {
				t.Errorf("%s, case %d: the schema says %v, the door %d %s", item.Slug, i, judged, r.status, r.body)
			}
			// What the schema refuses, the door refuses too.
			for _, wrong := range []string{`{}`, strings.Replace(text, "{", `{"nothing_such":1,`, 1)} {
				if schema.Validate(parse(t, []byte(wrong))) == nil {
					t.Errorf("%s: the schema accepts %s", item.Slug, wrong)
				}
				w.post("/api/v1/requests", report(set(item.Slug, "procedure"), set(json.RawMessage(wrong), "answers"))).problem(422, "answers_invalid")
			}
		}
	}
}

// The description of the API is the golden file, byte for byte, and served.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	now, err := v1.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(golden, now) {
		t.Error("openapi.json is not current: run `go run ./cmd/dev openapi` and read what changed")
	}
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Responses map[string]struct{ Content map[string]any }
		}
	}
	w := open(t)
	w.get("/api/v1/openapi.json").into(200, &d)
	if !strings.HasPrefix(d.OpenAPI, "3.1") || len(d.Paths) != 18 {
		t.Errorf("OpenAPI %s with %d paths", d.OpenAPI, len(d.Paths))
	}
	for path, operations := range d.Paths {
		for method, o := range operations {
			for status, response := range o.Responses {
				if _, problem := response.Content["application/problem+json"]; (status[0] == '2') == problem {
					t.Errorf("%s %s: %s is described as %v", method, path, status, response.Content)
				}
			}
		}
	}
}

// Every code that a problem of the API can bear has a sentence of its own.
func TestEveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, code := range web.Codes() {
		known[code] = true
	}
	for _, code := range []string{
		"not_found", "too_many", "token_unknown", "token_needed", "procedure_unknown", "procedure_closed", "request_unknown", "request_or_code_unknown",
		"not_allowed", "request_changed", "action_not_possible", "silence_acquired", "idempotency_mismatch", "mentions_missing", "documents_limit_running",
		"applicant_invalid", "answers_invalid", "answers_too_large", "channel_invalid", "received_on_invalid", "body_required", "body_too_long", "items_required", "limit_invalid",
		"reasons_required", "pieces_required", "outcome_invalid", "letter_required", "delivery_invalid", "cursor_invalid", "filter_invalid", "idempotency_key_invalid",
		"json_duplicate_key", "json_malformed", "json_too_deep", "json_too_large", "database_away", "unknown_host", "invalid_facts", "unknown_territory",
		"transmission_reason", "transmission_self", "transmission_going", "transmission_arriving", "recipient_unknown", "recipient_suspended", "recipient_procedure", "outside_name", "outside_address", "request_transmitted",
	} {
		if !known[code] {
			t.Errorf("%s has no sentence", code)
		}
	}
}

// A procedure's schema stands at an address of its own, and the format's beside it.
func TestSchemasHaveAddresses(t *testing.T) {
	t.Parallel()
	w := open(t)
	var detail v1.ProcedureDetail
	w.get("/api/v1/procedures/vide-grenier").into(200, &detail)
	r := w.get("/api/v1/procedures/vide-grenier/schema.json")
	var want bytes.Buffer
	if err := json.Compact(&want, detail.Form); err != nil {
		t.Fatal(err)
	}
	if r.status != 200 || strings.TrimSpace(string(r.body)) != want.String() {
		t.Errorf("%d: %s", r.status, r.body)
	}
	w.get("/api/v1/procedures/nothing-such/schema.json").problem(404, "procedure_unknown")
	if r := w.get(exchange.SchemaPath); r.status != 200 || !bytes.Equal(r.body, exchange.Schema()) {
		t.Errorf("the format's schema: %d", r.status)
	}
}
