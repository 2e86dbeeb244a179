package citizen

import (
	"context"
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// identifyPage stands where a step of a form will be, until the person is known as well
// as the procedure asks. The draft waits behind it.
type identifyPage struct {
	web.Frame
	FormParts
	State         bool // FranceConnect is asked for, not only an account
	FranceConnect string
	Link          bool // FranceConnect is tied to the account that is signed in
	SignIn        string
	Register      string
	Alternatives  []catalogue.Alternative
}

var identifyTemplate = web.MustParse[identifyPage](web.Citizen, files, "identify.html")

// level is how well this visit knows who asks.
func (v *visit) level() int {
	if !v.signedIn() {
		return 0
	}
	return v.who.Session.Level
}

// mustIdentify tells whether a procedure asks for more than this visit knows.
func (v *visit) mustIdentify(e catalogue.Entry) bool {
	wanted := e.Level(v.scope.Settings.SignIn)
	return wanted >= catalogue.IdentityAccount && v.level() < wanted
}

// showIdentify says which ways there are, without a screen included.
func (s *Server) showIdentify(v *visit, d requests.Draft, e catalogue.Entry) error {
	ways := v.scope.Settings.SignIn
	back := stepPath(d.ProcedureSlug, applicantStep)
	page := identifyPage{
		State: e.Level(ways) == catalogue.IdentityState, Link: v.signedIn(),
		Alternatives: catalogue.AlternativesFor(e, v.scope.Settings),
	}
	page.Frame, page.FormParts = s.parts(v, d, e, applicantStep)
	if ways.FranceConnect.Ready() {
		page.FranceConnect = "/connexion/franceconnect?retour=" + url.QueryEscape(back)
		if page.Link {
			page.FranceConnect = "/mon-espace/securite?retour=" + url.QueryEscape(back) + "#lien"
		}
	}
	if !page.State && !ways.NoAccounts && !v.signedIn() {
		page.SignIn, page.Register = "/connexion?retour="+url.QueryEscape(back), "/inscription"
	}
	return identifyTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// verifiedName gives the name that FranceConnect vouches for, of who came by it.
func verifiedName(ctx context.Context, tx *tenants.Tx, v *visit) (citizens.Verified, bool) {
	if v.level() < identity.LevelState {
		return citizens.Verified{}, false
	}
	known, err := citizens.VerifiedOf(ctx, tx, v.who.Citizen.ID)
	return known, err == nil
}

// otherName tells whether the procedure asks for the verified name and the applicant
// gave another.
func otherName(ctx context.Context, tx *tenants.Tx, v *visit, e catalogue.Entry, a requests.Applicant) bool {
	if e.Level(v.scope.Settings.SignIn) != catalogue.IdentityState || a.FamilyName == "" {
		return false
	}
	known, ok := verifiedName(ctx, tx, v)
	return ok && !known.Matches(a.GivenName, a.FamilyName)
}
