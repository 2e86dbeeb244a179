package identity

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	ory "github.com/ory/client-go"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Confirm asks a signed-in person for the password again: Kratos wants that within
// fifteen minutes before a change of password or second factor. Token is the
// session's (Session.ProviderToken). The Login it gives may carry a new token, to be
// kept with Renew, and may need its second factor again, when Kratos' session was over.
// Errors are SignIn's.
func (p *Provider) Confirm(ctx context.Context, token string, a Attempt) (Login, error) {
	email := normalEmail(a.Email)
	t, err := p.throttle.take(kindPassword, email, a.Address)
	if err != nil {
		return Login{}, err
	}
	b := p.beat(1)
	defer b.stop()
	login, err := p.confirm(ctx, token, email, a.Password)
	switch {
	case err == nil:
		t.succeed()
	case fault.Is(err, "credentials"):
		b.wait(ctx)
	default:
		t.giveBack()
	}
	return login, err
}

func (p *Provider) confirm(ctx context.Context, token, email, password string) (Login, error) {
	owner, err := p.identityOf(ctx, token)
	switch {
	case fault.Is(err, "sign_in_again"):
		return p.signIn(ctx, email, password)
	case err != nil:
		return Login{}, err
	}
	login, err := p.submitPassword(ctx, token, owner.Email, password)
	if err != nil {
		return Login{}, err
	}
	if login.ProviderID != owner.ProviderID {
		return Login{}, wrongCredentials()
	}
	if login.Token == "" {
		login.Token = token
	}
	return login, p.factors(ctx, &login)
}

// SetPassword gives the account of a fresh Login (Confirm, CompleteRecovery) a new
// password, and ends its other sessions at Kratos; EndSessions ends ours in this
// commune. fault.Invalid "password"; fault.Unauthorized "sign_in_again" or
// "second_factor_needed".
func (p *Provider) SetPassword(ctx context.Context, l Login, password string) error {
	if err := CheckPassword(l.Email, password); err != nil {
		return err
	}
	flow, err := p.settings(ctx, l.Token)
	if err != nil {
		return err
	}
	body := ory.UpdateSettingsFlowWithPasswordMethodAsUpdateSettingsFlowBody(
		ory.NewUpdateSettingsFlowWithPasswordMethod("password", password))
	_, r, err := p.change(ctx, l.Token, flow.GetId(), body)
	if err != nil {
		return err
	}
	if !r.ok() {
		if err := r.passwordFault(); err != nil {
			return err
		}
		return r.unless()
	}
	_, resp, err := p.front.DisableMyOtherSessions(ctx).XSessionToken(l.Token).Execute()
	if r, err = outcome(resp, err); err != nil {
		return err
	}
	return r.unless(http.StatusOK)
}

// settings opens a settings flow of the token's owner.
func (p *Provider) settings(ctx context.Context, token string) (*ory.SettingsFlow, error) {
	flow, resp, err := p.front.CreateNativeSettingsFlow(ctx).XSessionToken(token).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return nil, err
	}
	if err := r.refusedSession(); err != nil {
		return nil, err
	}
	return flow, r.unless(http.StatusOK)
}

// change submits a settings flow.
func (p *Provider) change(ctx context.Context, token, flow string, body ory.UpdateSettingsFlowBody) (*ory.SettingsFlow, reply, error) {
	done, resp, err := p.front.UpdateSettingsFlow(ctx).Flow(flow).XSessionToken(token).UpdateSettingsFlowBody(body).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return nil, r, err
	}
	return done, r, r.refusedSession()
}

// refusedSession reads why Kratos refuses to change something in a session's name.
func (r reply) refusedSession() error {
	switch {
	case r.errorID == "session_aal2_required":
		return fault.New(fault.Unauthorized, "second_factor_needed")
	case r.status == http.StatusUnauthorized, r.errorID == "session_refresh_required":
		return signInAgain()
	case r.status == http.StatusGone, r.status == http.StatusNotFound:
		return fault.New(fault.Conflict, "flow_expired")
	}
	return nil
}

// TOTPEnrolment is what a person puts into their authenticator.
type TOTPEnrolment struct {
	Flow   string // for ConfirmTOTP
	Secret string // base32, to be typed by hand
	URL    string // otpauth://
	PNG    []byte // the same as a picture
	Path   string // the same as the "d" of an SVG path, one unit a module
	Size   int    // of the SVG's viewBox, quiet zone included
}

// StartTOTP begins to set up a second factor, in the name of a recent sign-in (see
// Confirm). fault.Conflict "totp_exists" where there is one: disable it first.
func (p *Provider) StartTOTP(ctx context.Context, l Login) (TOTPEnrolment, error) {
	flow, err := p.settings(ctx, l.Token)
	if err != nil {
		return TOTPEnrolment{}, err
	}
	e := TOTPEnrolment{Flow: flow.GetId()}
	ui := flow.GetUi()
	for _, n := range ui.GetNodes() {
		attributes := n.GetAttributes()
		if t := attributes.UiNodeTextAttributes; t != nil && t.GetId() == "totp_secret_key" {
			text := t.GetText()
			e.Secret = text.GetText()
		}
		if i := attributes.UiNodeImageAttributes; i != nil && i.GetId() == "totp_qr" {
			_, encoded, _ := strings.Cut(i.GetSrc(), ",")
			if e.PNG, err = base64.StdEncoding.DecodeString(encoded); err != nil {
				return TOTPEnrolment{}, fault.Wrap(fault.Internal, "identity_answer", err)
			}
		}
	}
	if e.Secret == "" {
		return TOTPEnrolment{}, fault.New(fault.Conflict, "totp_exists")
	}
	if e.Path, e.Size, err = qrPath(e.PNG); err != nil {
		return TOTPEnrolment{}, fault.Wrap(fault.Internal, "identity_answer", err)
	}
	e.URL = otpauth(l.Email, e.Secret)
	return e, nil
}

const totpIssuer = "Parvis"

func otpauth(email, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {totpIssuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + totpIssuer + ":" + email, RawQuery: q.Encode()}
	return u.String()
}

// ConfirmTOTP ends the set-up with a code of the authenticator; the session counts
// as having given its second factor (Renew). Wrong: fault.Invalid "code_wrong".
func (p *Provider) ConfirmTOTP(ctx context.Context, l Login, flow, code string) (Login, error) {
	code, ok := codeOf(flow, code)
	if !ok {
		return l, wrongCode()
	}
	body := ory.NewUpdateSettingsFlowWithTotpMethod("totp")
	body.SetTotpCode(code)
	_, r, err := p.change(ctx, l.Token, flow, ory.UpdateSettingsFlowWithTotpMethodAsUpdateSettingsFlowBody(body))
	if err != nil {
		return l, err
	}
	if r.status == http.StatusBadRequest {
		return l, wrongCode()
	}
	if err := r.unless(http.StatusOK); err != nil {
		return l, err
	}
	l.HasTOTP, l.NeedsTOTP, l.AAL = true, false, 2
	return l, nil
}

// DisableTOTP takes the second factor and its recovery codes away, in the name of a
// session that gave it recently.
func (p *Provider) DisableTOTP(ctx context.Context, l Login) error {
	flow, err := p.settings(ctx, l.Token)
	if err != nil {
		return err
	}
	ui := flow.GetUi()
	for _, n := range ui.GetNodes() {
		attributes := n.GetAttributes()
		input := attributes.UiNodeInputAttributes
		if input == nil {
			continue
		}
		var body ory.UpdateSettingsFlowBody
		switch input.GetName() {
		case "totp_unlink":
			b := ory.NewUpdateSettingsFlowWithTotpMethod("totp")
			b.SetTotpUnlink(true)
			body = ory.UpdateSettingsFlowWithTotpMethodAsUpdateSettingsFlowBody(b)
		case "lookup_secret_disable":
			b := ory.NewUpdateSettingsFlowWithLookupMethod("lookup_secret")
			b.SetLookupSecretDisable(true)
			body = ory.UpdateSettingsFlowWithLookupMethodAsUpdateSettingsFlowBody(b)
		default:
			continue
		}
		if err := p.changeOK(ctx, l.Token, body); err != nil {
			return err
		}
	}
	return nil
}

// changeOK makes one change in a settings flow of its own.
func (p *Provider) changeOK(ctx context.Context, token string, body ory.UpdateSettingsFlowBody) error {
	flow, err := p.settings(ctx, token)
	if err != nil {
		return err
	}
	_, r, err := p.change(ctx, token, flow.GetId(), body)
	if err != nil {
		return err
	}
	return r.unless(http.StatusOK)
}

// RecoveryCodes makes new one-time codes that stand in for the authenticator (the
// old ones no longer work), to be shown once.
func (p *Provider) RecoveryCodes(ctx context.Context, l Login) ([]string, error) {
	flow, err := p.settings(ctx, l.Token)
	if err != nil {
		return nil, err
	}
	ask := ory.NewUpdateSettingsFlowWithLookupMethod("lookup_secret")
	ask.SetLookupSecretRegenerate(true)
	shown, r, err := p.change(ctx, l.Token, flow.GetId(), ory.UpdateSettingsFlowWithLookupMethodAsUpdateSettingsFlowBody(ask))
	if err != nil {
		return nil, err
	}
	if err := r.unless(http.StatusOK); err != nil {
		return nil, err
	}
	var codes []string
	ui := shown.GetUi()
	for _, n := range ui.GetNodes() {
		attributes := n.GetAttributes()
		if t := attributes.UiNodeTextAttributes; t != nil && t.GetId() == "lookup_secret_codes" {
			text := t.GetText()
			codes = strings.Split(text.GetText(), ", ")
		}
	}
	keep := ory.NewUpdateSettingsFlowWithLookupMethod("lookup_secret")
	keep.SetLookupSecretConfirm(true)
	_, r, err = p.change(ctx, l.Token, flow.GetId(), ory.UpdateSettingsFlowWithLookupMethodAsUpdateSettingsFlowBody(keep))
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		return nil, r.unless()
	}
	return codes, r.unless(http.StatusOK)
}
