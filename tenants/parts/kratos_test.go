package parts_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// kratosRig is a Kratos with the endpoint that receives its mails.
type kratosRig struct {
	*parts.Kratos
	mails chan parts.KratosMail
	http  *http.Client
}

const courierToken = "courier-token-of-the-test"

// startKratos starts a Kratos on a database of its own in the shared server.
func startKratos(t *testing.T) *kratosRig {
	t.Helper()
	ctx := t.Context()
	progress := func(line string) { t.Log(line) }
	bin, err := parts.BuildKratos(ctx, parts.KratosBuild{Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	pg := sharedPostgres(t)
	name := scratchDatabase(t, pg, parts.KratosExtensions()...)
	rig := &kratosRig{mails: make(chan parts.KratosMail, 20), http: &http.Client{Timeout: 20 * time.Second}}
	courier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var mail parts.KratosMail
		if r.Header.Get("Authorization") != "Bearer "+courierToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&mail); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		rig.mails <- mail
	}))
	t.Cleanup(courier.Close)
	rig.Kratos, err = parts.StartKratos(ctx, parts.KratosOptions{
		Bin: bin, DSN: pg.DSN(name), DataDir: t.TempDir(), CourierURL: courier.URL, CourierToken: courierToken, Progress: progress,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rig.Stop)
	return rig
}

// call sends JSON and gives the status and the JSON answer.
func (k *kratosRig) call(t *testing.T, method, url, token string, body any) (int, map[string]any) {
	t.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, payload)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("X-Session-Token", token)
	}
	res, err := k.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%s %s: status %d, not JSON: %v", method, url, res.StatusCode, err)
		}
	}
	return res.StatusCode, answer
}

// at walks a JSON answer: keys of objects and, as numbers, places in lists.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no object where %q was looked for", key)
			}
			v = m[key]
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= key {
				t.Fatalf("no list with a place %d", key)
			}
			v = l[key]
		}
	}
	return v
}

func text(t *testing.T, v any, path ...any) string {
	t.Helper()
	s, ok := at(t, v, path...).(string)
	if !ok || s == "" {
		t.Fatalf("no text at %v", path)
	}
	return s
}

func (k *kratosRig) createIdentity(t *testing.T, email, password string) string {
	t.Helper()
	status, answer := k.call(t, "POST", k.AdminURL()+"/admin/identities", "", map[string]any{
		"schema_id": "default",
		"traits":    map[string]any{"email": email, "name": "Camille Durand"},
		"credentials": map[string]any{"password": map[string]any{
			"config": map[string]any{"password": password},
		}},
		"verifiable_addresses": []map[string]any{{"value": email, "via": "email", "verified": true, "status": "completed"}},
	})
	if status != http.StatusCreated {
		t.Fatalf("create identity: status %d", status)
	}
	return text(t, answer, "id")
}

func (k *kratosRig) login(t *testing.T, email, password string) (int, map[string]any) {
	t.Helper()
	_, flow := k.call(t, "GET", k.PublicURL()+"/self-service/login/api", "", nil)
	return k.call(t, "POST", k.PublicURL()+"/self-service/login?flow="+text(t, flow, "id"), "", map[string]any{
		"method": "password", "identifier": email, "password": password,
	})
}

// node gives the attributes or text of a flow's form node.
func node(t *testing.T, flow map[string]any, id string) map[string]any {
	t.Helper()
	nodes, ok := at(t, flow, "ui", "nodes").([]any)
	if !ok {
		t.Fatal("the flow has no nodes")
	}
	for _, n := range nodes {
		attributes, ok := at(t, n, "attributes").(map[string]any)
		if ok && (attributes["id"] == id || attributes["name"] == id) {
			return attributes
		}
	}
	t.Fatalf("the flow has no node %q", id)
	return nil
}

// totp is the code of RFC 6238 at a moment: six figures, 30 s, SHA-1.
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	code := binary.BigEndian.Uint32(sum[offset:offset+4]) & 0x7fffffff
	return fmt.Sprintf("%06d", code%1_000_000)
}

func (k *kratosRig) mail(t *testing.T) parts.KratosMail {
	t.Helper()
	select {
	case m := <-k.mails:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no mail came from Kratos")
		return parts.KratosMail{}
	}
}

func TestKratosSignsIn(t *testing.T) {
	t.Parallel()
	k := startKratos(t)
	const email, password = "agent@example.org", "un-parvis-assez-long"
	id := k.createIdentity(t, email, password)

	status, signed := k.login(t, email, password)
	if status != http.StatusOK || text(t, signed, "session", "identity", "id") != id {
		t.Fatalf("login: status %d", status)
	}
	token := text(t, signed, "session_token")
	if status, who := k.call(t, "GET", k.PublicURL()+"/sessions/whoami", token, nil); status != http.StatusOK || text(t, who, "identity", "traits", "email") != email {
		t.Fatalf("whoami: status %d", status)
	}
	if status, _ := k.login(t, email, "un-autre-mot-de-passe"); status != http.StatusBadRequest {
		t.Fatalf("wrong password: status %d", status)
	}
	if status, _ := k.login(t, "nobody@example.org", password); status != http.StatusBadRequest {
		t.Fatalf("unknown account: status %d", status)
	}

	// Second factor.
	_, settings := k.call(t, "GET", k.PublicURL()+"/self-service/settings/api", token, nil)
	secret := text(t, node(t, settings, "totp_secret_key"), "text", "text")
	status, _ = k.call(t, "POST", k.PublicURL()+"/self-service/settings?flow="+text(t, settings, "id"), token, map[string]any{
		"method": "totp", "totp_code": totp(t, secret, time.Now()),
	})
	if status != http.StatusOK {
		t.Fatalf("enable TOTP: status %d", status)
	}
	_, signed = k.login(t, email, password)
	token = text(t, signed, "session_token")
	_, second := k.call(t, "GET", k.PublicURL()+"/self-service/login/api?aal=aal2", token, nil)
	status, signed = k.call(t, "POST", k.PublicURL()+"/self-service/login?flow="+text(t, second, "id"), token, map[string]any{
		"method": "totp", "totp_code": totp(t, secret, time.Now()),
	})
	if status != http.StatusOK || text(t, signed, "session", "authenticator_assurance_level") != "aal2" {
		t.Fatalf("second factor: status %d", status)
	}
	if status, _ := k.call(t, "DELETE", k.PublicURL()+"/self-service/logout/api", "", map[string]any{"session_token": token}); status != http.StatusNoContent {
		t.Fatalf("logout: status %d", status)
	}
	if status, _ := k.call(t, "GET", k.PublicURL()+"/sessions/whoami", token, nil); status != http.StatusUnauthorized {
		t.Fatalf("whoami after logout: status %d", status)
	}
	if status, _ := k.call(t, "GET", k.AdminURL()+"/admin/identities/"+id+"?include_credential=totp", "", nil); status != http.StatusOK {
		t.Fatalf("read identity: status %d", status)
	}
	if status, _ := k.call(t, "DELETE", k.AdminURL()+"/admin/identities/"+id+"/credentials/totp", "", nil); status != http.StatusNoContent {
		t.Fatalf("take away TOTP: status %d", status)
	}
}

func TestKratosRecoversByCode(t *testing.T) {
	t.Parallel()
	k := startKratos(t)
	const email = "citoyenne@example.org"
	k.createIdentity(t, email, "un-parvis-assez-long")

	_, flow := k.call(t, "GET", k.PublicURL()+"/self-service/recovery/api", "", nil)
	action := k.PublicURL() + "/self-service/recovery?flow=" + text(t, flow, "id")
	status, answer := k.call(t, "POST", action, "", map[string]any{
		"method": "code", "email": email, "transient_payload": map[string]any{"tenant": "castanet-tolosan"},
	})
	if status != http.StatusOK || text(t, answer, "state") != "sent_email" {
		t.Fatalf("ask for a code: status %d", status)
	}
	mail := k.mail(t)
	if mail.Recipient != email || mail.TemplateType != "recovery_code_valid" || mail.TransientPayload["tenant"] != "castanet-tolosan" {
		t.Fatalf("mail is %s for the tenant %v", mail.TemplateType, mail.TransientPayload["tenant"])
	}
	code := text(t, mail.TemplateData, "recovery_code")
	status, answer = k.call(t, "POST", action, "", map[string]any{"method": "code", "code": code})
	if status != http.StatusOK {
		t.Fatalf("give the code: status %d", status)
	}
	token := text(t, answer, "continue_with", 0, "ory_session_token")
	settings := text(t, answer, "continue_with", 1, "flow", "id")
	status, _ = k.call(t, "POST", k.PublicURL()+"/self-service/settings?flow="+settings, token, map[string]any{
		"method": "password", "password": "un-tout-nouveau-parvis",
	})
	if status != http.StatusOK {
		t.Fatalf("set the new password: status %d", status)
	}
	if status, _ := k.login(t, email, "un-tout-nouveau-parvis"); status != http.StatusOK {
		t.Fatalf("login with the new password: status %d", status)
	}
}

func TestKratosRegistersAndVerifies(t *testing.T) {
	t.Parallel()
	k := startKratos(t)
	const email, password = "nouvelle@example.org", "un-parvis-assez-long"
	_, flow := k.call(t, "GET", k.PublicURL()+"/self-service/registration/api", "", nil)
	status, answer := k.call(t, "POST", k.PublicURL()+"/self-service/registration?flow="+text(t, flow, "id"), "", map[string]any{
		"method": "password", "password": password, "traits": map[string]any{"email": email},
		"transient_payload": map[string]any{"tenant": "labege"},
	})
	if status != http.StatusOK {
		t.Fatalf("register: status %d", status)
	}
	mail := k.mail(t)
	code := text(t, mail.TemplateData, "verification_code")
	verification := text(t, answer, "continue_with", 0, "flow", "id")
	status, answer = k.call(t, "POST", k.PublicURL()+"/self-service/verification?flow="+verification, "", map[string]any{"method": "code", "code": code})
	if status != http.StatusOK || text(t, answer, "state") != "passed_challenge" {
		t.Fatalf("verify: status %d", status)
	}
}
