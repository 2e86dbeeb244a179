package door

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

// State is the way in through FranceConnect or ProConnect. It is shown where the commune
// has opened it and its client is complete.
type State struct {
	Kind oidc.Kind
	// Person finds, or makes, whom the provider vouches for; the sentence, if any, is
	// said to them once they are in.
	Person func(ctx context.Context, tx *tenants.Tx, s web.Scope, p oidc.Person) (who identity.Person, say string, err error)
	// Link ties whom the provider vouches for to the signed-in citizen who acts; nil:
	// nobody links.
	Link func(ctx context.Context, tx *tenants.Tx, p oidc.Person) error
}

// stateWay is the provider's button. It is plain text: the State's own drawing is under
// rules of its own, and a commune shows no mark of the State beside it.
type stateWay struct {
	Name, Label, URL, About string
}

// awayPage leads to the provider from a form: a policy that allows forms to this site
// alone also forbids their answer to lead elsewhere, and so the page does.
type awayPage struct {
	web.Frame
	Text, Label, URL string
}

var (
	stateNames = map[identity.Way]string{identity.WayFranceConnect: "FranceConnect", identity.WayProConnect: "ProConnect"}
	stateSites = map[oidc.Kind]string{oidc.FranceConnect: "https://franceconnect.gouv.fr/", oidc.ProConnect: "https://www.proconnect.gouv.fr/"}
)

func stateName(k oidc.Kind) string { return stateNames[identity.Way(k)] }

// Cookies of somebody at the provider: on the way in, and on the way out.
const (
	journeyCookie = "etat"
	leavingCookie = "sortie"
	leavingFor    = 10 * time.Minute
)

func (k *Kit) statePath() string { return k.Paths.SignIn + "/" + string(k.State.Kind) }

func (k *Kit) keys(s web.Scope) identity.Keys {
	return func(purpose string) []byte { return k.Master.Tenant(s.Tenant, purpose) }
}

// address gives a path of the host that was asked, whole.
func (k *Kit) address(v visit, path string) string {
	host := v.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return k.URL(host) + path
}

// client gives the commune's client at the provider.
func (k *Kit) client(v visit) (oidc.Client, error) {
	return identity.StateClient(k.keys(v.s), v.s.Settings.SignIn, k.State.Kind, k.address(v, k.statePath()+backStep))
}

// stateWay gives the button, where the commune has opened this way.
func (k *Kit) stateWay(v visit, then string) *stateWay {
	if k.State == nil {
		return nil
	}
	if _, err := k.client(v); err != nil {
		return nil
	}
	if !web.LocalPath(then) {
		then = ""
	}
	name := stateName(k.State.Kind)
	return &stateWay{Name: name, Label: "S’identifier avec " + name, URL: withReturn(k.statePath(), then), About: stateSites[k.State.Kind]}
}

// beginState sends somebody to the provider.
func (k *Kit) beginState(v visit) error {
	then := v.r.URL.Query().Get("retour")
	if !web.LocalPath(then) {
		then = ""
	}
	address, err := k.depart(v, identity.Journey{Return: then})
	if err != nil {
		return k.refuseState(v, then, err)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	return nil
}

// depart keeps a journey, sealed, and gives where it leads.
func (k *Kit) depart(v visit, j identity.Journey) (string, error) {
	client, err := k.client(v)
	if err != nil {
		return "", err
	}
	address, j, err := k.Identity.BeginState(v.ctx(), client, j)
	if err != nil {
		return "", err
	}
	sealed, err := identity.SealJourney(k.keys(v.s), k.Clock(), j)
	if err != nil {
		return "", err
	}
	k.UI.SetCookie(v.w, v.r, k.Name+journeyCookie, sealed, identity.JourneyFor)
	return address, nil
}

// finishState judges what somebody comes back with, and lets them in. The journey's
// cookie is used once.
func (k *Kit) finishState(v visit) error {
	sealed, _ := k.UI.Cookie(v.r, k.Name+journeyCookie)
	k.drop(v, journeyCookie)
	j, err := identity.OpenJourney(k.keys(v.s), k.Clock(), k.State.Kind, sealed)
	if err != nil {
		return k.refuseState(v, "", err)
	}
	client, err := k.client(v)
	if err == nil && client.Redirect != j.Redirect { // another host of the same commune
		err = fault.New(fault.Forbidden, "oidc_state")
	}
	var person oidc.Person
	if err == nil {
		person, err = k.Identity.FinishState(v.ctx(), client, j, v.r.URL.Query())
	}
	switch {
	case j.Citizen != "":
		return k.linked(v, j, person, err)
	case fault.Is(err, "oidc_cancelled"):
		k.UI.SetFlash(v.w, v.r, web.Info, web.Sentence(err))
		web.Redirect(v.w, v.r, withReturn(k.Paths.SignIn, j.Return))
		return nil
	case err != nil:
		return k.refuseState(v, j.Return, err)
	}
	return k.enterByState(v, j, person)
}

// enterByState opens a session to whom the provider vouches for.
func (k *Kit) enterByState(v visit, j identity.Journey, person oidc.Person) error {
	var token, say string
	var who identity.Person
	err := k.DB.Write(v.ctx(), v.s.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		if who, say, err = k.State.Person(v.ctx(), tx, v.s, person); err != nil {
			return err
		}
		token, err = identity.CreateStateSession(v.ctx(), tx, who, person)
		return err
	})
	if err != nil {
		return k.refuseState(v, j.Return, err)
	}
	k.UI.SetSession(v.w, v.r, token, identity.LifeOf(who, v.s.Settings.SignIn))
	if say != "" {
		k.UI.SetFlash(v.w, v.r, web.Info, say)
	}
	then := j.Return
	if !web.LocalPath(then) {
		then = k.Paths.Home
	}
	web.Redirect(v.w, v.r, then)
	return nil
}

// refuseState shows the door again, with why the provider opened nothing and the other
// ways in. The provider's own words are never shown.
func (k *Kit) refuseState(v visit, then string, err error) error {
	f := fault.Of(err)
	if f.Kind == fault.Internal {
		return err
	}
	k.noteState(v, f)
	page := k.signInForm(v, "", then)
	page.Refused = &web.Notice{Tone: web.Danger, Title: "Vous n’êtes pas connecté", Text: web.Sentence(err)}
	v.w.Header().Set("Cache-Control", "no-store")
	return k.doors.signIn.Render(v.w, v.r, web.StatusOf(f), page)
}

// noteState leaves a trace of what the provider did, and of nobody.
func (k *Kit) noteState(v visit, f *fault.Error) {
	reason := ""
	if len(f.Fields) > 0 {
		reason = f.Fields[0].Code
	}
	k.Logger.WarnContext(v.ctx(), "sign-in by the State's provider", "kind", string(k.State.Kind), "tenant", v.s.Tenant.Slug, "code", f.Code, "reason", reason)
}

// linkState sends a signed-in citizen to the provider, once they gave their password
// again: whoever finds an open screen must not tie it to themselves.
func (k *Kit) linkState(v visit) error {
	if k.State.Link == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	form, _, err := k.confirmed(v, "link_password", "link_code")
	if err != nil {
		return k.again(v, linkForm, err)
	}
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return err
	}
	address, err := k.depart(v, identity.Journey{Return: form.Get("retour"), Citizen: who.Visitor.Citizen.ID})
	if err != nil {
		return k.again(v, linkForm, err)
	}
	return k.away(v, "Vous êtes dirigé vers "+stateName(k.State.Kind)+", puis vous revenez ici.", address)
}

// away leads from a form of ours to the provider.
func (k *Kit) away(v visit, text, address string) error {
	name := stateName(k.State.Kind)
	page := awayPage{Frame: k.House.Frame(v.w, v.r, v.s, nil, name), Text: text, Label: "Continuer vers " + name, URL: address}
	v.w.Header().Set("Refresh", "0; url="+address)
	v.w.Header().Set("Cache-Control", "no-store")
	return k.doors.away.Render(v.w, v.r, http.StatusOK, page)
}

// linked ties whom the provider vouches for to the account that asked for it. The
// session goes on as one that the provider opened.
func (k *Kit) linked(v visit, j identity.Journey, person oidc.Person, err error) error {
	var token, provider string
	if err == nil {
		err = k.Write(v.r, v.s, func(ctx context.Context, tx *tenants.Tx, who web.Visitor) (err error) {
			if who.Citizen.ID == "" || who.Citizen.ID != j.Citizen {
				return fault.New(fault.Forbidden, "oidc_state")
			}
			if err := k.State.Link(ctx, tx, person); err != nil {
				return err
			}
			if provider, err = identity.EndSession(ctx, tx, who.Token); err != nil {
				return err
			}
			token, err = identity.CreateStateSession(ctx, tx, identity.Person{CitizenID: j.Citizen}, person)
			return err
		})
	}
	then := k.Paths.Security
	switch f := fault.Of(err); {
	case err == nil:
		k.forget(v.ctx(), provider)
		k.UI.SetSession(v.w, v.r, token, identity.LifeOf(identity.Person{CitizenID: j.Citizen}, v.s.Settings.SignIn))
		k.UI.SetFlash(v.w, v.r, web.Success, stateName(k.State.Kind)+" est relié à votre compte.")
		if web.LocalPath(j.Return) {
			then = j.Return
		}
	case f.Kind == fault.Internal:
		return err
	default:
		k.noteState(v, f)
		k.UI.SetFlash(v.w, v.r, web.Danger, web.Sentence(err))
	}
	web.Redirect(v.w, v.r, then)
	return nil
}

// idToken gives what the provider wants to see when the session's owner leaves; "" of a
// session that it did not open.
func (k *Kit) idToken(v visit, token string) (idToken string) {
	if k.State == nil {
		return ""
	}
	err := k.DB.Read(v.ctx(), v.s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		session, err := identity.FindSession(v.ctx(), tx, token)
		if err == nil && session.Way == identity.Way(k.State.Kind) {
			idToken, err = session.IDToken(tx)
		}
		return err
	})
	if err != nil {
		return "" // over already, or sealed with a key of before: there is nothing to show
	}
	return idToken
}

// leaveState ends the session at the provider too, in the browser: whoever comes next on
// a shared screen would otherwise be taken for the one before.
func (k *Kit) leaveState(v visit, idToken string) error {
	name := stateName(k.State.Kind)
	client, err := k.client(v)
	var address, state string
	if err == nil {
		address, state, err = k.Identity.LeaveState(v.ctx(), client, idToken, k.address(v, k.Paths.SignOut+backStep))
	}
	if err != nil {
		k.noteState(v, fault.Of(err))
		k.UI.SetFlash(v.w, v.r, web.Warning, "Vous êtes déconnecté d’ici, mais "+name+" ne répond pas\u00a0: sur un appareil partagé, fermez le navigateur.")
		web.Redirect(v.w, v.r, k.Paths.Out)
		return nil
	}
	k.UI.SetCookie(v.w, v.r, k.Name+leavingCookie, state, leavingFor)
	return k.away(v, "Vous êtes déconnecté d’ici. Il reste à quitter "+name+".", address)
}

// leftState is where the provider sends back who has left.
func (k *Kit) leftState(v visit) error {
	state, _ := k.UI.Cookie(v.r, k.Name+leavingCookie)
	k.drop(v, leavingCookie)
	if state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(v.r.URL.Query().Get("state"))) != 1 {
		web.Redirect(v.w, v.r, k.Paths.Out)
		return nil
	}
	return k.out(v)
}
