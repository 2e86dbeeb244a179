package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
)

var (
	patternInSource = regexp.MustCompile(`"((?:GET|POST) /[^"]*\{[^"$]*\}[^"]*)"`)
	parameter       = regexp.MustCompile(`\{(\w+)\}`)
)

// patterns lists every route of an area whose address has a parameter, from its source.
func patterns(t *testing.T, area string) []string {
	t.Helper()
	sources, err := filepath.Glob(area + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range patternInSource.FindAllSubmatch(text, -1) {
			found = append(found, string(m[1]))
		}
	}
	if len(found) == 0 {
		t.Fatalf("no route of %s has a parameter: has the table moved?", area)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// addresses fills a pattern with what the rich commune has; a parameter that nobody
// thought of fails the test. Each address is tried with the number of a request that
// only the rich commune has, and with one that both have.
func (w *borough) addresses(t *testing.T, pattern string, numbers ...string) (method string, paths []string) {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	paths = []string{path}
	for _, m := range parameter.FindAllStringSubmatch(path, -1) {
		var values []string
		switch m[1] {
		case "number":
			values = numbers
		case "slug":
			values = []string{hall}
		case "step":
			values = []string{"demandeur", "organisateur"}
		case "kind":
			values = []string{"decision", "pieces", "complet"}
		case "outcome":
			values = []string{"accept", "refuse"}
		case "host":
			values = []string{ownHost}
		case "id", "document", "receipt", "decision", "draft", "reasons", "notice":
			for _, id := range w.ids {
				values = append(values, string(id))
			}
		default:
			t.Fatalf("%s has a parameter that this test does not know: say here what of another commune fits it", pattern)
		}
		var next []string
		for _, p := range paths {
			for _, v := range values {
				next = append(next, strings.ReplaceAll(p, m[0], url.PathEscape(v)))
			}
		}
		paths = next
	}
	return method, paths
}

// strangers stand on the poor commune's host, with what they have of either.
func strangers(rich, poor *borough) map[string]*stranger {
	track := &stranger{w: rich, cookies: map[string]string{}}
	track.csrf = ""
	got := track.post("/suivi", url.Values{"numero": {rich.number}, "code": {rich.code}})
	_, rest, found := strings.Cut(got.text, "parvis-suivi=")
	followed, _, _ := strings.Cut(rest, ";")
	if got.status != http.StatusSeeOther || !found {
		rich.t.Fatalf("the owner of the code is refused: %d", got.status)
	}
	resume := &stranger{w: rich, cookies: map[string]string{"parvis-brouillon-" + hall: rich.draft}}
	if got := resume.send(http.MethodGet, "/demarches/"+hall+"/recapitulatif", "", ""); !strings.Contains(got.text, marker) {
		rich.t.Fatalf("the owner of the draft does not see it: %d", got.status)
	}
	make := func(name string, cookies map[string]string) *stranger {
		return &stranger{name: name, w: poor, cookies: cookies}
	}
	return map[string]*stranger{
		"agent":   make("an administrator of the other commune", map[string]string{"parvis": poor.sessions.agent}),
		"citizen": make("a citizen of the other commune", map[string]string{"parvis": poor.sessions.citizen}),
		"thief":   make("an agent's session of the wrong commune", map[string]string{"parvis": rich.sessions.agent, "parvis-suivi": followed, "parvis-brouillon-" + hall: rich.draft}),
		"lodger":  make("a citizen's session of the wrong commune", map[string]string{"parvis": rich.sessions.citizen, "parvis-suivi": followed, "parvis-brouillon-" + hall: rich.draft}),
	}
}

// forgery is a form that names the rich commune's things wherever a page reads a key.
func (w *borough) forgery() url.Values {
	return url.Values{
		"agent": {string(w.ids["agent"])}, "service": {string(w.ids["service"])}, "services": {string(w.ids["service"])},
		"piece": {string(w.ids["item"])}, "decision": {string(w.ids["decision"])}, "demande_pieces": {string(w.ids["notice"])}, "arrivee-" + string(w.ids["notice"]): {"2026-11-23"},
		"id": {string(w.ids["agent"])}, "code": {w.code}, "numero": {w.number}, "_draft": {w.draft}, "_brouillon": {w.draft}, "_dossier": {string(w.ids["request"])},
		"_remove": {"identite:" + string(w.ids["paper of the draft"])}, "host": {ownHost},
		"message": {"Bonjour"}, "note": {"Bonjour"}, "motif": {"Bonjour"}, "raison": {"Bonjour"}, "name": {"Voirie"}, "recue": {"2026-11-23"}, "version": {"1"},
		"issue": {"refuse"}, "motifs": {"Non"}, "lettre": {"Non"}, "objet": {"Non"}, "remise": {"post"},
		"given_name": {"Claude"}, "family_name": {"Petit"}, "email": {"autre@agglo.example"}, "title": {"agent"}, "role": {"admin"},
	}
}

// check says what an answer gave away.
func (w *borough) check(t *testing.T, who, what string, got answer) {
	t.Helper()
	if strings.Contains(got.text, marker) || strings.Contains(got.text, w.code) {
		t.Errorf("%s: %s shows what the other commune keeps (%d)", who, what, got.status)
	}
	if got.status >= 500 {
		t.Errorf("%s: %s answers %d", who, what, got.status)
	}
}

func TestNoPageReachesAnotherCommune(t *testing.T) {
	t.Parallel()
	rich, poor := twoBoroughs(t)
	before := rich.sum()
	who := strangers(rich, poor)
	actions := []string{"prendre", "confier", "transmettre", "ecrire", "noter", "complet", "recue", "pieces-recues", "retirer", "document", "remove", "revoke", "verifier", "principale", "retirer-adresse"}
	// First, while codes may still be tried.
	for _, path := range []string{"/suivi", "/reprendre"} {
		got := who["citizen"].post(path, url.Values{"numero": {rich.number}, "code": {map[string]string{"/suivi": rich.code, "/reprendre": rich.draft}[path]}})
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("a code of the other commune at %s: %d", path, got.status)
		}
	}
	for area, standing := range map[string][]string{"agent": {"agent", "thief"}, "citizen": {"citizen", "thief", "lodger"}} {
		for _, pattern := range patterns(t, area) {
			method, paths := rich.addresses(t, pattern, rich.number, poor.number)
			for _, path := range paths {
				for _, s := range standing {
					if method == http.MethodGet {
						rich.check(t, who[s].name, pattern+" at "+path, who[s].send(method, path, "", ""))
						continue
					}
					form := rich.forgery()
					rich.check(t, who[s].name, pattern+" at "+path, who[s].post(path, form))
				}
			}
		}
	}
	for _, action := range actions {
		form := rich.forgery()
		form.Set("action", action)
		form.Set("version", poor.version())
		for _, path := range []string{"/agents/demandes/" + rich.number, "/agents/demandes/" + poor.number, "/agents/compte", "/agents/reglages/adresse/" + ownHost, "/agents/equipe/" + string(rich.ids["agent"])} {
			rich.check(t, action, "POST "+path, who["agent"].post(path, form))
		}
	}
	for _, path := range []string{"/agents", "/agents?q=" + marker, "/agents/statistiques", "/agents/statistiques.csv", "/agents/equipe", "/agents/reglages", "/agents/demarches", "/mon-espace", "/suivi"} {
		for _, s := range who {
			got := s.send(http.MethodGet, path, "", "")
			got.text = strings.ReplaceAll(got.text, "q="+marker, "") // what was typed stands in its own field
			got.text = strings.ReplaceAll(got.text, `value="`+marker+`"`, "")
			rich.check(t, s.name, path, got)
		}
	}
	if after := rich.sum(); after != before {
		t.Errorf("something of the other commune was changed:\n%s\nwas\n%s", after, before)
	}
}

// The same addresses show their commune's own people what they ask for: otherwise the
// test above would hold for want of anything to find.
func TestItsOwnPeopleReachIt(t *testing.T) {
	t.Parallel()
	rich, _ := twoBoroughs(t)
	own := &stranger{name: "its own agent", w: rich, cookies: map[string]string{"parvis": rich.sessions.agent}}
	for _, path := range []string{
		"/agents/demandes/" + rich.number, "/agents/demandes/" + rich.number + "/documents/" + string(rich.ids["document"]), "/agents/demandes/" + rich.number + "/accuse",
		"/agents/demandes/" + rich.number + "/lettres/decision/" + string(rich.ids["decision"]), "/agents/demandes/" + rich.number + "/lettres/pieces/" + string(rich.ids["notice"]),
		"/agents/reglages/services/" + string(rich.ids["service"]), "/agents?q=" + marker,
	} {
		if got := own.send(http.MethodGet, path, "", ""); got.status != http.StatusOK || !strings.Contains(got.text, marker) {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestNoCallOfTheAPIReachesAnotherCommune(t *testing.T) {
	t.Parallel()
	rich, poor := twoBoroughs(t)
	before := rich.sum()
	text, err := os.ReadFile("v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &contract); err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{
		"messages": `{"body": "Bonjour"}`, "notes": `{"body": "Bonjour"}`, "decision": `{"outcome": "refuse", "reasons": "Non", "delivery": "post"}`,
		"signature": `{}`, "transmission": `{"to": {"code": "31446"}, "reason": "Compétence de la voisine"}`, "recall": `{}`, "notification": `{"on": "2026-12-01"}`,
		"document-requests": `{"items": [{"label": "Statuts", "legal_basis": "Règlement"}], "limit_on": "2026-12-14"}`,
	}
	callers := map[string]map[string]string{
		"the other commune's token":   {"Authorization": "Bearer " + poor.token},
		"a token of the wrong one":    {"Authorization": "Bearer " + rich.token},
		"a code of the wrong one":     {"X-Tracking-Code": rich.code},
		"both":                        {"Authorization": "Bearer " + poor.token, "X-Tracking-Code": rich.code},
		"a session of the wrong one":  {"Cookie": "parvis=" + rich.sessions.agent},
		"its own, said to be another": {"Authorization": "Bearer " + rich.token, "X-Forwarded-Host": rich.host, "Forwarded": "host=" + rich.host, "X-Original-Host": rich.host},
	}
	tried := 0
	for path, methods := range contract.Paths {
		if !strings.Contains(path, "{") {
			continue
		}
		for method := range methods {
			method, paths := rich.addresses(t, strings.ToUpper(method)+" "+path, rich.number)
			for _, p := range paths {
				for name, header := range callers {
					s := &stranger{w: poor, cookies: map[string]string{}, header: header}
					body := bodies[p[strings.LastIndex(p, "/")+1:]]
					if method == http.MethodPost && body == "" {
						t.Fatalf("%s has no body to try: add one", path)
					}
					got := s.send(method, p, map[bool]string{true: "application/json"}[body != ""], body)
					rich.check(t, name, method+" "+p, got)
					if strings.Contains(p, rich.number) && (got.status < 401 || got.status > 404) {
						t.Errorf("%s: %s %s answers %d", name, method, p, got.status)
					}
					tried++
				}
			}
		}
	}
	if tried < 30 {
		t.Errorf("%d calls: has the contract moved?", tried)
	}
	for name, header := range callers {
		s := &stranger{w: poor, cookies: map[string]string{}, header: header}
		rich.check(t, name, "the list", s.send(http.MethodGet, "/api/v1/requests", "", ""))
	}
	if after := rich.sum(); after != before {
		t.Errorf("something of the other commune was changed:\n%s\nwas\n%s", after, before)
	}
}

// Whether a number exists must not show to who has no code for it.
func TestANumberThatExistsLooksLikeOneThatDoesNot(t *testing.T) {
	t.Parallel()
	rich, poor := twoBoroughs(t)
	normal := func(text, number string) string {
		_, body, _ := strings.Cut(text, "\n\n")
		body = regexp.MustCompile(`(name="_csrf" value="|nonce-?=?"?)[^"' ;]*`).ReplaceAllString(body, "$1")
		return strings.ReplaceAll(body, number, "NUMBER")
	}
	const none = "26-999999"
	for _, header := range []map[string]string{{}, {"X-Tracking-Code": "7KQ2-M9XR-4TB1"}} {
		s := &stranger{w: rich, cookies: map[string]string{}, header: header}
		for _, path := range []string{"/demandes/%s", "/api/v1/requests/%s", "/demandes/%s/attestation", "/demandes/%s/accuse/" + string(rich.ids["receipt"]),
			"/demandes/%s/accuse/" + string(rich.ids["receipt"]) + "/accuse.pdf", "/demandes/%s/attestation/attestation.pdf"} {
			there, nowhere := s.send(http.MethodGet, fmt.Sprintf(path, rich.number), "", ""), s.send(http.MethodGet, fmt.Sprintf(path, none), "", "")
			if there.status != nowhere.status || normal(there.text, rich.number) != normal(nowhere.text, none) {
				t.Errorf("%s: %d and %d, or other words", path, there.status, nowhere.status)
			}
		}
	}
	s := &stranger{w: poor, cookies: map[string]string{}}
	guess := func(number string) answer {
		return s.post("/suivi", url.Values{"numero": {number}, "code": {"7KQ2-M9XR-4TB1"}})
	}
	there, nowhere := guess(poor.number), guess(none)
	if there.status != nowhere.status || normal(there.text, poor.number) != normal(nowhere.text, none) {
		t.Errorf("a guessed code: %d and %d, or other words", there.status, nowhere.status)
	}
}

// A host is one commune's or nobody's, however it is written; what a request says of
// its host elsewhere counts for nothing, and no answer kept for one host is given to
// another.
func TestForgedHosts(t *testing.T) {
	t.Parallel()
	rich, poor := twoBoroughs(t)
	get := func(host, target string, header map[string]string) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rich.d.URL()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.URL.Opaque = target
		for name, value := range header {
			r.Header.Set(name, value)
		}
		got, err := plain.Do(r)
		if err != nil {
			return answer{status: 400}
		}
		defer func() { _ = got.Body.Close() }()
		var text bytes.Buffer
		_, _ = text.ReadFrom(got.Body) // a short answer fails below
		return answer{got.StatusCode, text.String()}
	}
	shows := func(got answer) (richs, poors bool) {
		return strings.Contains(got.text, "Castanet"), strings.Contains(got.text, "Ramonville")
	}
	pages := []string{"/", "/demarches", "/manifest.webmanifest", "/api/v1/procedures", "/mentions-legales", "/theme-clair.css", "/favicon.svg"}
	for range 2 { // with nothing kept yet, then with everything
		for _, path := range pages {
			for _, own := range []*borough{rich, poor} {
				other := map[*borough]*borough{rich: poor, poor: rich}[own]
				for _, header := range []map[string]string{
					{"X-Forwarded-Host": other.host}, {"X-Host": other.host}, {"Forwarded": "host=" + other.host}, {"X-Original-URL": "http://" + other.host + "/"}, {"X-Rewrite-URL": "/agents"}, {"X-Parvis-Tenant": other.tenant.Slug}, {"Via": other.host},
				} {
					if r, p := shows(get(own.host, path, header)); own == rich && p || own == poor && r {
						t.Errorf("%s%s with %v shows the other commune", own.host, path, header)
					}
				}
				for _, name := range []string{own.host, strings.ToUpper(own.host), own.host + ".", own.host + ":8080", own.host + ".:8080"} {
					if r, p := shows(get(name, path, nil)); own == rich && p || own == poor && r {
						t.Errorf("%s%s shows the other commune", name, path)
					}
				}
			}
		}
	}
	for _, host := range []string{
		rich.host + "@" + poor.host, rich.host + "," + poor.host, rich.host + " " + poor.host, rich.host + "/" + poor.host, poor.host + "." + rich.host, "." + rich.host, rich.host + "..",
		"castanet\u2010tolosan.localhost", "castanet-tolosan\u3002localhost", "xn--castanet-tolosan-.localhost", "castanet-tolosan%2elocalhost", "castanet-tolosan.localhost%00.example", "[::1]", "127.0.0.1", "castanet-tolosan", ownHost + ".example", "x." + ownHost,
	} {
		if r, p := shows(get(host, "/", nil)); r || p {
			t.Errorf("%q shows a commune", host)
		}
	}
	// A host of the commune's own is its own: not the other's, and nobody's once removed.
	if r, p := shows(get(ownHost, "/", nil)); !r || p {
		t.Error("the commune's own host does not show it")
	}
	if _, err := rich.d.Pool.Exec(t.Context(), `delete from platform.domain where host = $1`, ownHost); err != nil {
		t.Fatal(err)
	}
	rich.d.Registry.ForgetHosts(rich.tenant, ownHost)
	if r, p := shows(get(ownHost, "/", nil)); r || p {
		t.Error("a host that was removed still shows a commune")
	}
}

// A fault of ours: somewhere between the host and the data, one commune's value takes
// something of another's. Pages and API answer that they are out of order, and neither
// then nor later does anybody see another's data.
func TestAFaultOfOursEndsAtTheWall(t *testing.T) {
	t.Parallel()
	rich, poor := twoBoroughs(t)
	before := rich.sum()
	agent := &stranger{w: poor, cookies: map[string]string{"parvis": poor.sessions.agent}}
	for name, column := range map[string]string{"schema": "schema_name", "epoch": "epoch"} {
		// As if the registry gave it so.
		var value any = rich.tenant.Schema
		old := any(poor.tenant.Schema)
		if column == "epoch" {
			value, old = 7, 1
		}
		set := func(v any) {
			t.Helper()
			// The other commune's name is unique there: it steps aside for the moment.
			if column == "schema_name" {
				swap := map[bool]string{true: "t_999999999", false: rich.tenant.Schema}[v == value]
				if v != value {
					if _, err := poor.d.Pool.Exec(t.Context(), `update platform.tenant set schema_name = $2 where id = $1`, poor.tenant.ID, v); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := poor.d.Pool.Exec(t.Context(), `update platform.tenant set schema_name = $2 where id = $1`, rich.tenant.ID, swap); err != nil {
					t.Fatal(err)
				}
				if v != value {
					poor.d.Registry.ForgetHosts(poor.tenant)
					return
				}
			}
			if _, err := poor.d.Pool.Exec(t.Context(), `update platform.tenant set `+column+` = $2 where id = $1`, poor.tenant.ID, v); err != nil {
				t.Fatal(err)
			}
			poor.d.Registry.ForgetHosts(poor.tenant)
		}
		set(value)
		for _, path := range []string{"/agents/demandes/" + rich.number, "/agents", "/api/v1/requests/" + rich.number, "/suivi"} {
			got := agent.send(http.MethodGet, path, "", "")
			if strings.Contains(got.text, marker) || got.status < 500 && path != "/suivi" {
				t.Errorf("with another's %s, %s answers %d", name, path, got.status)
			}
		}
		set(old)
		if got := agent.send(http.MethodGet, "/agents/demandes/"+poor.number, "", ""); got.status != http.StatusOK || strings.Contains(got.text, marker) {
			t.Errorf("after another's %s, its own agent is answered %d", name, got.status)
		}
	}
	if after := rich.sum(); after != before {
		t.Errorf("something of the other commune was changed:\n%s\nwas\n%s", after, before)
	}
}

// The administrators of another hub see nothing of a commune that is not theirs.
func TestNoHubReachesAnotherHubsCommunes(t *testing.T) {
	t.Parallel()
	rich, _ := twoBoroughs(t)
	d := rich.d
	foreign, err := d.Registry.NewHub(t.Context(), tenants.Hub{Slug: "muretain", SIREN: "200068641", Name: "Le Muretain Agglo", Colour: "#0b5c8a"})
	if err != nil {
		t.Fatal(err)
	}
	admins := map[int64]tenants.ID{}
	var cookie string
	for _, h := range []tenants.Hub{d.Hub, foreign} {
		a, err := d.Registry.AddHubAdmin(t.Context(), tenants.HubAdmin{HubID: h.ID, Subject: "subject", Email: "agglo@example.fr", GivenName: "Hélène", FamilyName: "Garrigues", Role: tenants.HubManager})
		if err != nil {
			t.Fatal(err)
		}
		admins[h.ID] = a.ID
		token, hash := identity.NewToken()
		if err := d.Registry.StartHubSession(t.Context(), tenants.NewHubSession{AdminID: a.ID, Hash: hash, Life: identity.AgentLife}); err != nil {
			t.Fatal(err)
		}
		cookie = token
	}
	s := &stranger{w: &borough{t: t, d: d, host: d.Registry.Host(foreign.Slug)}, cookies: map[string]string{"parvis": cookie}}
	home := s.send(http.MethodGet, "/administrateurs", "", "")
	if _, rest, ok := strings.Cut(home.text, `name="_csrf" value="`); ok {
		s.csrf, _, _ = strings.Cut(rest, `"`)
	} else {
		t.Fatalf("the administrators' page answers %d", home.status)
	}
	fill := map[string]string{"{insee}": rich.tenant.INSEE, "{id}": string(admins[d.Hub.ID])}
	for _, pattern := range patterns(t, "hub") {
		method, path, _ := strings.Cut(pattern, " ")
		for name, value := range fill {
			path = strings.ReplaceAll(path, name, value)
		}
		if strings.Contains(path, "{") {
			t.Fatalf("%s has a parameter that this test does not know", pattern)
		}
		got := s.send(method, path, "", "")
		if method == http.MethodPost {
			got = s.post(path, url.Values{"email": {"x@example.fr"}, "given_name": {"X"}, "family_name": {"Y"}, "role": {"manager"}, "action": {"remove"}})
		}
		if got.status != http.StatusNotFound && got.status != http.StatusForbidden || strings.Contains(got.text, "Castanet") {
			t.Errorf("%s: %d", pattern, got.status)
		}
	}
	for _, host := range []string{d.Registry.Host(d.Hub.Slug), rich.host} { // a session of the wrong hub, or of none
		s.w.host = host
		for _, path := range []string{"/", "/communes/" + rich.tenant.INSEE, "/agents", "/agents/equipe"} {
			if got := s.send(http.MethodGet, path, "", ""); got.status == http.StatusOK && path != "/" || strings.Contains(got.text, marker) {
				t.Errorf("%s%s with a session of another hub: %d", host, path, got.status)
			}
		}
	}
}
