package requests

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// State is where a request stands.
type State string

// The states. Those that are open ([State.Open]) still ask for something.
const (
	StateReceived           State = "received"
	StateReview             State = "in_review"
	StateWaiting            State = "waiting_documents"
	StateAccepted           State = "accepted"
	StatePartly             State = "partly_accepted" // a part is granted, the rest refused
	StateRefused            State = "refused"
	StateAnswered           State = "answered"            // a report, a complaint, a question
	StateRegistered         State = "registered"          // a declaration: récépissé
	StateImplicitAcceptance State = "implicitly_accepted" // silence vaut acceptation
	StateImplicitRejection  State = "implicitly_rejected" // silence vaut rejet
	StateWithdrawn          State = "withdrawn"           // by the person
	StateClosed             State = "closed"              // classement sans suite
	StateRevoked            State = "revoked"             // what was granted was taken back (retrait, abrogation)
	StateTransmitting       State = "transmitting"        // on its way to who is competent (L.114-2)
	StateTransmitted        State = "transmitted"         // they have it
)

// States gives every state, in the order of a request's life.
func States() []State {
	return []State{StateReceived, StateReview, StateWaiting, StateTransmitting, StateAccepted, StatePartly, StateRefused, StateAnswered, StateRegistered,
		StateImplicitAcceptance, StateImplicitRejection, StateWithdrawn, StateClosed, StateRevoked, StateTransmitted}
}

// Open tells whether the town still has to answer. What is on its way to another
// administration is still the town's until it has arrived.
func (s State) Open() bool {
	return s == StateReceived || s == StateReview || s == StateWaiting || s == StateTransmitting
}

// Label gives the state's French name, as lists show it.
func (s State) Label() string {
	switch s {
	case StateReceived:
		return "Reçue"
	case StateReview:
		return "En cours d’examen"
	case StateWaiting:
		return "En attente de pièces"
	case StateAccepted:
		return "Acceptée"
	case StatePartly:
		return "Acceptée en partie"
	case StateRefused:
		return "Refusée"
	case StateAnswered:
		return "Traitée"
	case StateRegistered:
		return "Enregistrée"
	case StateImplicitAcceptance:
		return "Acceptée par le silence"
	case StateImplicitRejection:
		return "Refusée par le silence"
	case StateWithdrawn:
		return "Retirée"
	case StateClosed:
		return "Classée sans suite"
	case StateRevoked:
		return "Accord retiré"
	case StateTransmitting:
		return "En cours de transmission"
	case StateTransmitted:
		return "Transmise"
	default:
		return ""
	}
}

// Kind is the kind of a request, each with its own legal effects.
type Kind string

// The kinds.
const (
	KindRequest     Kind = "request"     // demande
	KindDeclaration Kind = "declaration" // déclaration
	KindReport      Kind = "report"      // signalement
	KindInformation Kind = "information" // demande d'information
)

// Action is something done to a request that the lifecycle knows.
type Action string

// The actions.
const (
	ActionTake              Action = "take"               // an agent makes it their own
	ActionAssign            Action = "assign"             // to an agent, or to nobody
	ActionTransfer          Action = "transfer"           // to another service
	ActionCorrect           Action = "correct"            // who applies
	ActionAskDocuments      Action = "ask_documents"      // L.114-5
	ActionDocumentsComplete Action = "documents_complete" // all that was asked is there
	ActionAccept            Action = "accept"
	ActionPartial           Action = "partial"
	ActionRefuse            Action = "refuse"
	ActionAnswer            Action = "answer"
	ActionRegister          Action = "register"
	ActionLapseAcceptance   Action = "lapse_acceptance" // silence takes effect
	ActionLapseRejection    Action = "lapse_rejection"
	ActionWithdraw          Action = "withdraw"
	ActionClose             Action = "close"      // classement: F3, and what needs no decision
	ActionSuspend           Action = "suspend"    // an aid, on a suspicion of fraud (L.115-3); its end too
	ActionExtend            Action = "extend"     // the answer about one's data takes two months more (GDPR art. 12.3)
	ActionRegularise        Action = "regularise" // invite to put a flaw of form right (L.114-6)
	ActionContest           Action = "contest"    // note a step of an appeal against a refusal
	ActionReopen            Action = "reopen"     // silence had not decided: the facts that gave it were wrong
	ActionHear              Action = "hear"       // invite to observe before what was granted is taken back (L.121-1)
	ActionRevoke            Action = "revoke"     // take back what was granted: retrait, abrogation (L.242-1 ff.)
	// L.114-2. Within the deployment it leaves and arrives, and can be called back in
	// between; to an outside administration it leaves, and that is all.
	ActionTransmit        Action = "transmit"
	ActionRecall          Action = "recall" // an agent's, or ours where it cannot arrive
	ActionArrive          Action = "arrive"
	ActionTransmitOutside Action = "transmit_outside"
	ActionMove            Action = "move" // along the procedure's workflow
)

// Actions gives every action.
func Actions() []Action {
	return []Action{ActionTake, ActionAssign, ActionTransfer, ActionCorrect, ActionAskDocuments, ActionDocumentsComplete,
		ActionAccept, ActionPartial, ActionRefuse, ActionAnswer, ActionRegister, ActionLapseAcceptance, ActionLapseRejection, ActionWithdraw, ActionClose, ActionSuspend, ActionExtend, ActionRegularise, ActionContest, ActionReopen, ActionHear, ActionRevoke,
		ActionTransmit, ActionRecall, ActionArrive, ActionTransmitOutside, ActionMove}
}

// Who is a set of those who may act.
type Who uint8

// Those who may act. Owner is the signed-in citizen whose request it is, or the
// guest who knows its number and code.
const (
	Owner Who = 1 << iota
	Front
	Instructor
	Admin
	System
	Supporter // of the hub, let in for a time: reads, and acts on nothing
	Consulted // of a service that was asked for its opinion: reads, and gives it

	agents   = Front | Instructor | Admin
	deciders = Instructor | Admin
)

// Transition says that an action leads from one state to another, for some kinds
// of request, and who may do it.
type Transition struct {
	From   State
	Action Action
	To     State
	Kind   Kind
	Who    Who
}

var (
	open          = []State{StateReceived, StateReview, StateWaiting}
	settled       = slices.DeleteFunc(States(), func(s State) bool { return s == StateTransmitting }) // what goes is not changed on its way
	undecided     = append(slices.Clone(open), StateTransmitting)                                     // silence goes on
	kinds         = []Kind{KindRequest, KindDeclaration, KindReport, KindInformation}
	granted       = []State{StateAccepted, StatePartly, StateImplicitAcceptance}
	withDocuments = []Kind{KindRequest, KindDeclaration, KindReport}
)

// rule is a line of the lifecycle. An empty To is the state itself.
type rule struct {
	action Action
	from   []State
	to     State
	kinds  []Kind
	who    Who
}

// rules is the lifecycle: what does not stand here cannot be done.
//
// After a rejection, silent or express, an acceptance may still come, for a refusal creates
// no right (L.243-1). After an acceptance nothing may but its being taken back, on the
// conditions of [Act].
var rules = []rule{
	{ActionTake, []State{StateReceived, StateReview}, StateReview, kinds, deciders},
	{ActionTake, []State{StateWaiting}, "", kinds, deciders},
	{ActionAssign, open, "", kinds, agents},
	{ActionTransfer, open, "", kinds, agents},
	{ActionCorrect, settled, "", kinds, agents}, // also of what was decided: its letter is still to arrive
	{ActionAskDocuments, open, StateWaiting, withDocuments, agents},
	{ActionDocumentsComplete, []State{StateWaiting}, StateReview, withDocuments, Owner | agents},
	// A declaration is decided upon where a text says so: the right to buy first, which the
	// commune waives or uses (C. urb. L.213-2). Its procedure has the letters for it.
	{ActionAccept, open, StateAccepted, []Kind{KindRequest, KindDeclaration}, deciders},
	{ActionAccept, []State{StateImplicitRejection, StateRefused, StatePartly}, StateAccepted, []Kind{KindRequest}, deciders},
	{ActionPartial, open, StatePartly, []Kind{KindRequest}, deciders},
	{ActionPartial, []State{StateImplicitRejection, StateRefused}, StatePartly, []Kind{KindRequest}, deciders},
	{ActionRefuse, open, StateRefused, []Kind{KindRequest, KindReport, KindDeclaration}, deciders},
	{ActionAnswer, open, StateAnswered, []Kind{KindRequest, KindReport}, deciders},
	{ActionAnswer, open, StateAnswered, []Kind{KindInformation}, agents},
	{ActionAnswer, []State{StateImplicitRejection}, StateAnswered, []Kind{KindRequest, KindReport}, deciders},
	{ActionRegister, open, StateRegistered, []Kind{KindDeclaration}, deciders},
	{ActionLapseAcceptance, undecided, StateImplicitAcceptance, []Kind{KindRequest, KindDeclaration}, System},
	{ActionLapseRejection, undecided, StateImplicitRejection, []Kind{KindRequest, KindReport}, System},
	{ActionWithdraw, open, StateWithdrawn, kinds, Owner | agents},
	{ActionClose, open, StateClosed, kinds, deciders},
	{ActionSuspend, open, "", []Kind{KindRequest}, deciders},
	{ActionExtend, open, "", []Kind{KindRequest}, deciders},
	{ActionRegularise, open, "", withDocuments, agents},
	{ActionContest, []State{StateRefused, StatePartly, StateImplicitRejection}, "", []Kind{KindRequest, KindReport}, agents},
	{ActionReopen, []State{StateImplicitAcceptance}, StateReview, []Kind{KindRequest, KindDeclaration}, deciders},
	{ActionReopen, []State{StateImplicitRejection}, StateReview, []Kind{KindRequest, KindReport}, deciders},
	{ActionHear, granted, "", []Kind{KindRequest}, deciders},
	{ActionRevoke, granted, StateRevoked, []Kind{KindRequest}, deciders},
	{ActionTransmit, open, StateTransmitting, kinds, deciders},
	{ActionRecall, []State{StateTransmitting}, StateReview, kinds, deciders | System},
	{ActionArrive, []State{StateTransmitting}, StateTransmitted, kinds, System},
	{ActionTransmitOutside, open, StateTransmitted, kinds, deciders},
	{ActionMove, []State{StateReceived, StateReview}, StateReview, kinds, agents},
}

// Transitions gives the whole lifecycle, one line for each state and kind.
func Transitions() []Transition {
	var all []Transition
	for _, r := range rules {
		for _, from := range r.from {
			for _, kind := range r.kinds {
				to := r.to
				if to == "" {
					to = from
				}
				all = append(all, Transition{From: from, Action: r.action, To: to, Kind: kind, Who: r.who})
			}
		}
	}
	return all
}

type step struct {
	from   State
	kind   Kind
	action Action
}

// lifecycle is the table by what is asked of it.
var lifecycle = func() map[step]Transition {
	m := map[step]Transition{}
	for _, t := range Transitions() {
		m[step{t.From, t.Kind, t.Action}] = t
	}
	return m
}()

// Next gives the state that an action leads to. What the state or the kind forbids
// is fault.Conflict "action_not_possible"; what the actor may not do is
// fault.Forbidden "not_allowed".
func Next(from State, kind Kind, action Action, who Who) (State, error) {
	t, ok := lifecycle[step{from, kind, action}]
	switch {
	case !ok:
		return "", fault.New(fault.Conflict, "action_not_possible")
	case t.Who&who == 0:
		return "", fault.New(fault.Forbidden, "not_allowed")
	default:
		return t.To, nil
	}
}

// allowed gives what somebody may do to a request as it stands.
func allowed(from State, kind Kind, who Who) []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool {
		_, err := Next(from, kind, a, who)
		return err != nil
	})
}

// whoIs places an actor towards a request; 0 is a stranger, for whom the request
// does not exist.
func whoIs(a tenants.Actor, r Request) Who {
	switch a.Kind {
	case tenants.ActorSystem:
		return System
	case tenants.ActorCitizen:
		if a.ID != "" && a.ID == r.CitizenID {
			return Owner
		}
	case tenants.ActorGuest:
		if a.ID != "" && a.ID == r.ID {
			return Owner
		}
	case tenants.ActorAgent:
		if !a.Covers(r.ServiceID) {
			return 0
		}
		switch a.Role {
		case tenants.RoleFront:
			return Front
		case tenants.RoleInstructor:
			return Instructor
		case tenants.RoleAdmin:
			return Admin
		}
	case tenants.ActorSupport:
		return Supporter
	case tenants.ActorHub: // sees counts, never a citizen's file
	}
	return 0
}

// outsider refuses the hub, whatever is delegated to it, and whom the commune let in to
// read, where nothing else asks who acts.
func outsider(tx *tenants.Tx) error {
	if k := tx.Actor().Kind; k == tenants.ActorHub || k == tenants.ActorSupport {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	return nil
}
