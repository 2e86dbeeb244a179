package tenants

import (
	"slices"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// SignIn is which ways in a commune opens, and how long a session lasts. The zero
// value is what a commune begins with: guests by e-mail and accounts for citizens,
// passwords for agents. package identity owns its rules (identity.PutSignIn).
type SignIn struct {
	NoGuests   bool `json:"no_guests,omitempty"`   // citizens file signed in, except anonymously where a procedure allows it
	NoAccounts bool `json:"no_accounts,omitempty"` // no password account for citizens
	NoPassword bool `json:"no_password,omitempty"` // agents come by ProConnect alone

	FranceConnect StateClient `json:"franceconnect"`
	ProConnect    StateClient `json:"proconnect"`
	SIRETs        []string    `json:"sirets,omitempty"` // whose agents ProConnect lets in

	AgentIdle   int `json:"agent_idle,omitempty"` // minutes; 0: the default, for all four
	AgentLife   int `json:"agent_life,omitempty"`
	CitizenIdle int `json:"citizen_idle,omitempty"`
	CitizenLife int `json:"citizen_life,omitempty"`
}

// StateClient is the commune's own client at FranceConnect or ProConnect.
type StateClient struct {
	Open        bool   `json:"open,omitempty"`
	Environment string `json:"environment,omitempty"` // "production", "integration"
	ID          string `json:"id,omitempty"`
	Sealed      []byte `json:"sealed,omitempty"` // the secret, under the commune's key
}

// Ready tells whether the client is open and nothing of it is missing.
func (c StateClient) Ready() bool { return c.Open && c.ID != "" && len(c.Sealed) > 0 }

// Lengths are how long a session lasts without use, and in all.
type Lengths struct{ Idle, Life time.Duration }

// How long sessions last where the commune does not say. An agent's life is a working
// day; a citizen's phone is often shared or lost.
var (
	AgentLengths   = Lengths{2 * time.Hour, 12 * time.Hour}
	CitizenLengths = Lengths{8 * time.Hour, 30 * 24 * time.Hour}
)

// The bounds of what a commune may say. A citizen's thirty days are Kratos' own: ours
// would end with its session.
var (
	ShortestLengths      = Lengths{5 * time.Minute, time.Hour}
	LongestAgentLengths  = Lengths{12 * time.Hour, 24 * time.Hour}
	LongestCitizenLength = Lengths{7 * 24 * time.Hour, 30 * 24 * time.Hour}
)

// Agents gives how long an agent's session lasts.
func (s SignIn) Agents() Lengths { return lengthsOf(s.AgentIdle, s.AgentLife, AgentLengths) }

// Citizens gives how long a citizen's session lasts.
func (s SignIn) Citizens() Lengths { return lengthsOf(s.CitizenIdle, s.CitizenLife, CitizenLengths) }

func lengthsOf(idle, life int, otherwise Lengths) Lengths {
	l := Lengths{time.Duration(idle) * time.Minute, time.Duration(life) * time.Minute}
	if idle == 0 {
		l.Idle = otherwise.Idle
	}
	if life == 0 {
		l.Life = otherwise.Life
	}
	return l
}

// check says what cannot be, whoever writes it: a door must stay open on each side,
// and numbers must be possible.
func (s SignIn) check() []fault.Field {
	var fields []fault.Field
	wrong := func(path, code string) { fields = append(fields, fault.Field{Path: "sign_in/" + path, Code: code}) }
	if s.NoGuests && s.NoAccounts { // FranceConnect alone is no choice: it always has an alternative
		wrong("no_guests", "last_way")
	}
	if s.NoPassword && !s.ProConnect.Ready() {
		wrong("no_password", "last_way")
	}
	if s.ProConnect.Open && len(s.SIRETs) == 0 {
		wrong("sirets", "required")
	}
	for _, n := range s.SIRETs {
		if len(n) != 14 || !ValidSIREN(n) {
			wrong("sirets", "siret_invalid")
			break
		}
	}
	for path, c := range map[string]StateClient{"franceconnect": s.FranceConnect, "proconnect": s.ProConnect} {
		if !slices.Contains([]string{"", "production", "integration"}, c.Environment) {
			wrong(path+"/environment", "unknown")
		}
		if len(c.ID) > 200 || strings.ContainsAny(c.ID, " \n\r\t") {
			wrong(path+"/id", "invalid")
		}
		if c.Open && c.ID == "" {
			wrong(path+"/id", "required")
		}
		if c.Open && len(c.Sealed) == 0 {
			wrong(path+"/secret", "required")
		}
		if c.Open && c.Environment == "" {
			wrong(path+"/environment", "required")
		}
	}
	for _, l := range []struct {
		path             string
		got, least, most time.Duration
	}{
		{"agent_idle", s.Agents().Idle, ShortestLengths.Idle, LongestAgentLengths.Idle},
		{"agent_life", s.Agents().Life, ShortestLengths.Life, LongestAgentLengths.Life},
		{"citizen_idle", s.Citizens().Idle, ShortestLengths.Idle, LongestCitizenLength.Idle},
		{"citizen_life", s.Citizens().Life, ShortestLengths.Life, LongestCitizenLength.Life},
	} {
		if l.got < l.least || l.got > l.most {
			wrong(l.path, "bounds")
		}
	}
	return fields
}

// ValidSIREN checks a SIREN (9 digits) or a SIRET (14) by its key (Luhn). La Poste's
// establishments, whose digits sum to a multiple of five, are an exception.
func ValidSIREN(id string) bool {
	if len(id) != 9 && len(id) != 14 {
		return false
	}
	sum, plain := 0, 0
	for i := range len(id) {
		c := id[len(id)-1-i]
		if c < '0' || c > '9' {
			return false
		}
		d := int(c - '0')
		plain += d
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	const laPoste = "356000000"
	return sum%10 == 0 || len(id) == 14 && id[:9] == laPoste && plain%5 == 0
}
