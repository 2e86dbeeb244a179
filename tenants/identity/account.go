package identity

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	ory "github.com/ory/client-go"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Claim asks for a mail to an address: a new account, a proof, a recovery. Address
// is the client's network address, for the throttle. Transient comes back with
// what Kratos asks us to send (ParseCourier).
type Claim struct {
	Email     string
	Address   string
	Transient Transient
}

// Kratos' message identifiers that concern duplicates (kratos text/id.go, 1.3).
const (
	msgDuplicate      = 4000007
	msgDuplicateHints = 4000028
)

// Register makes an account and has a code sent to its address; the flow it gives
// goes to ConfirmEmail. Nobody signs in before that. Where the address has an
// account already, the answer and its time are the same, the mail
// (PurposeAlreadyRegistered) tells its owner, and no code fits the flow.
// fault.Invalid "email" or "password" names what to correct.
func (p *Provider) Register(ctx context.Context, c Claim, password string) (flow string, err error) {
	email := normalEmail(c.Email)
	if err := CheckEmail(email); err != nil {
		return "", err
	}
	if err := CheckPassword(email, password); err != nil {
		return "", err
	}
	t, err := p.throttle.take(kindMail, email, c.Address)
	if err != nil {
		return "", err
	}
	b := p.beat(2)
	defer b.stop()
	c.Email = email
	flow, err = p.register(ctx, c, password)
	if err != nil {
		t.giveBack()
		return "", err
	}
	b.wait(ctx)
	return flow, nil
}

func (p *Provider) register(ctx context.Context, c Claim, password string) (string, error) {
	flow, resp, err := p.front.CreateNativeRegistrationFlow(ctx).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return "", err
	}
	if err := r.unless(http.StatusOK); err != nil {
		return "", err
	}
	c.Transient.Purpose = PurposeRegistration
	body := ory.NewUpdateRegistrationFlowWithPasswordMethod("password", password, map[string]any{"email": c.Email})
	body.SetTransientPayload(c.Transient.payload())
	done, resp, err := p.front.UpdateRegistrationFlow(ctx).Flow(flow.GetId()).
		UpdateRegistrationFlowBody(ory.UpdateRegistrationFlowWithPasswordMethodAsUpdateRegistrationFlowBody(body)).Execute()
	r, err = outcome(resp, err)
	if err != nil {
		return "", err
	}
	if r.ok() {
		// The verification flow that Kratos opened, and mailed the code of.
		for _, next := range done.GetContinueWith() {
			if v := next.ContinueWithVerificationUi; v != nil {
				return v.Flow.GetId(), nil
			}
		}
		return p.startVerification(ctx, c)
	}
	if err := r.unless(http.StatusBadRequest); err != nil {
		return "", err
	}
	if err := r.passwordFault(); err != nil {
		return "", err
	}
	if !r.says(msgDuplicate, msgDuplicateHints) {
		return "", refusedEmail()
	}
	c.Transient.Purpose = PurposeAlreadyRegistered
	if _, err := p.requestRecovery(ctx, c); err != nil {
		return "", err
	}
	return p.newVerification(ctx)
}

// refusedEmail is the fault for an address that Kratos itself refuses.
func refusedEmail() error {
	return fault.New(fault.Invalid, "email", fault.Field{Path: "email", Code: "email"})
}

// StartVerification has a new code sent to an address that is to be proved, and
// gives its flow. An unknown address gets no mail, and the same answer.
func (p *Provider) StartVerification(ctx context.Context, c Claim) (flow string, err error) {
	return p.mailed(ctx, c, p.startVerification, PurposeVerification)
}

// RequestRecovery has a code sent to the owner of an account who forgot the
// password (or, with Transient.Purpose PurposeInvitation, who was invited), and
// gives its flow for CompleteRecovery. An unknown address gets no mail, and the same
// answer on the same beat.
func (p *Provider) RequestRecovery(ctx context.Context, c Claim) (flow string, err error) {
	return p.mailed(ctx, c, p.requestRecovery, PurposeRecovery)
}

func (p *Provider) mailed(ctx context.Context, c Claim, send func(context.Context, Claim) (string, error), purpose Purpose) (string, error) {
	c.Email = normalEmail(c.Email)
	if err := CheckEmail(c.Email); err != nil {
		return "", err
	}
	if c.Transient.Purpose == "" {
		c.Transient.Purpose = purpose
	}
	t, err := p.throttle.take(kindMail, c.Email, c.Address)
	if err != nil {
		return "", err
	}
	b := p.beat(1)
	defer b.stop()
	flow, err := send(ctx, c)
	if err != nil {
		t.giveBack()
		return "", err
	}
	b.wait(ctx)
	return flow, nil
}

func (p *Provider) newVerification(ctx context.Context) (string, error) {
	flow, resp, err := p.front.CreateNativeVerificationFlow(ctx).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return "", err
	}
	return flow.GetId(), r.unless(http.StatusOK)
}

func (p *Provider) startVerification(ctx context.Context, c Claim) (string, error) {
	id, err := p.newVerification(ctx)
	if err != nil {
		return "", err
	}
	body := ory.NewUpdateVerificationFlowWithCodeMethod("code")
	body.SetEmail(c.Email)
	body.SetTransientPayload(c.Transient.payload())
	_, resp, err := p.front.UpdateVerificationFlow(ctx).Flow(id).
		UpdateVerificationFlowBody(ory.UpdateVerificationFlowWithCodeMethodAsUpdateVerificationFlowBody(body)).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return "", err
	}
	return id, r.unless(http.StatusOK)
}

func (p *Provider) requestRecovery(ctx context.Context, c Claim) (string, error) {
	flow, resp, err := p.front.CreateNativeRecoveryFlow(ctx).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return "", err
	}
	if err := r.unless(http.StatusOK); err != nil {
		return "", err
	}
	body := ory.NewUpdateRecoveryFlowWithCodeMethod("code")
	body.SetEmail(c.Email)
	body.SetTransientPayload(c.Transient.payload())
	_, resp, err = p.front.UpdateRecoveryFlow(ctx).Flow(flow.GetId()).
		UpdateRecoveryFlowBody(ory.UpdateRecoveryFlowWithCodeMethodAsUpdateRecoveryFlowBody(body)).Execute()
	r, err = outcome(resp, err)
	if err != nil {
		return "", err
	}
	return flow.GetId(), r.unless(http.StatusOK)
}

var flowID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// codeOf reads a mailed code as people type it; ok is false where Kratos need not
// even be asked.
func codeOf(flow, code string) (string, bool) {
	code = strings.Join(strings.Fields(code), "")
	return code, flowID.MatchString(flow) && sixDigits.MatchString(code)
}

func wrongCode() error {
	return fault.New(fault.Invalid, "code_wrong", fault.Field{Path: "code", Code: "code_wrong"})
}

func expiredCode() error {
	return fault.New(fault.Invalid, "code_expired", fault.Field{Path: "code", Code: "code_expired"})
}

// passed tells whether a flow that was given a code went through; Kratos itself
// allows five codes a flow.
func passed(state string, r reply) error {
	switch {
	case r.status == http.StatusOK && state == string(ory.RECOVERYFLOWSTATE_PASSED_CHALLENGE):
		return nil
	case r.status == http.StatusGone || r.status == http.StatusNotFound:
		return expiredCode()
	case r.status == http.StatusOK || r.status == http.StatusBadRequest || r.status == http.StatusForbidden:
		return wrongCode()
	default:
		return r.unless()
	}
}

// ConfirmEmail gives the mailed code of a Register or StartVerification flow: from
// then on the person may sign in. fault.Invalid "code_wrong" or "code_expired".
func (p *Provider) ConfirmEmail(ctx context.Context, flow, code string) error {
	code, ok := codeOf(flow, code)
	if !ok {
		return wrongCode()
	}
	body := ory.NewUpdateVerificationFlowWithCodeMethod("code")
	body.SetCode(code)
	done, resp, err := p.front.UpdateVerificationFlow(ctx).Flow(flow).
		UpdateVerificationFlowBody(ory.UpdateVerificationFlowWithCodeMethodAsUpdateVerificationFlowBody(body)).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return err
	}
	return passed(string(done.GetState()), r)
}

// CompleteRecovery gives the mailed code and the new password, and signs the person
// in; their other sessions at Kratos end. Where the account has a second factor the
// password is NOT changed yet and the Login NeedsTOTP: after CompleteTOTP, SetPassword
// changes it. fault.Invalid "code_wrong", "code_expired" or "password"; after a
// refused password (rare: CheckPassword comes first) a new code is needed.
func (p *Provider) CompleteRecovery(ctx context.Context, email, flow, code, password string) (Login, error) {
	code, ok := codeOf(flow, code)
	if !ok {
		return Login{}, wrongCode()
	}
	if err := CheckPassword(email, password); err != nil {
		return Login{}, err
	}
	body := ory.NewUpdateRecoveryFlowWithCodeMethod("code")
	body.SetCode(code)
	done, resp, err := p.front.UpdateRecoveryFlow(ctx).Flow(flow).
		UpdateRecoveryFlowBody(ory.UpdateRecoveryFlowWithCodeMethodAsUpdateRecoveryFlowBody(body)).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	if err := passed(string(done.GetState()), r); err != nil {
		return Login{}, err
	}
	var token string
	for _, next := range done.GetContinueWith() {
		if s := next.ContinueWithSetOrySessionToken; s != nil {
			token = s.GetOrySessionToken()
		}
	}
	login, err := p.identityOf(ctx, token)
	if err != nil {
		return Login{}, err
	}
	if err := p.factors(ctx, &login); err != nil || login.NeedsTOTP {
		return login, err
	}
	if err := p.SetPassword(ctx, login, password); err != nil {
		if fault.Is(err, "password") {
			// The address is proved now: whoever made this account must not keep its
			// old password.
			if scrambled := p.scramble(ctx, login.ProviderID); scrambled != nil {
				return Login{}, scrambled
			}
		}
		return Login{}, err
	}
	return login, nil
}

// factors fills in whether a second factor is set up and was given.
func (p *Provider) factors(ctx context.Context, l *Login) error {
	found, resp, err := p.admin.GetIdentity(ctx, l.ProviderID).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return err
	}
	if err := r.unless(http.StatusOK); err != nil {
		return err
	}
	l.HasTOTP = personOf(found).totp
	l.NeedsTOTP = l.HasTOTP && l.AAL < 2
	return nil
}
