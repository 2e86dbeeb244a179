package tenants

import "slices"

// ActorKind says in what quality someone acts.
type ActorKind string

// The kinds of actor.
const (
	ActorCitizen ActorKind = "citizen" // signed in
	ActorGuest   ActorKind = "guest"   // known by an e-mail address or a tracking code
	ActorAgent   ActorKind = "agent"
	ActorSystem  ActorKind = "system" // a job of ours
	ActorHub     ActorKind = "hub"
	ActorSupport ActorKind = "support" // of the hub, let in by the commune for a time, to read
)

// Role is what an agent may do.
type Role string

// The roles of agents, each including the ones before it, but that instructors
// see only the services that they are in.
const (
	RoleFront      Role = "front"      // agent d'accueil: records, reads, writes, notes, asks for documents
	RoleInstructor Role = "instructor" // agent instructeur: decides, in their services
	RoleAdmin      Role = "admin"      // secrétaire de mairie, DGS: settings, agents, catalogue
)

// Actor is who acts, as an explicit value: never hidden in a context.
type Actor struct {
	Kind     ActorKind
	ID       ID
	Name     string
	Role     Role
	Services []ID
	HubRole  HubRole // of a hub's administrator
	Delegate bool    // of a hub's administrator: may look after this commune
}

// System is a job of ours as an actor; its name stands in the history.
func System(name string) Actor { return Actor{Kind: ActorSystem, Name: name} }

// Guest is a citizen without an account.
func Guest() Actor { return Actor{Kind: ActorGuest} }

// IsAgent tells whether the actor is an agent of the tenant.
func (a Actor) IsAgent() bool { return a.Kind == ActorAgent }

// MayRead tells whether the actor may read the agents' pages: agents, and for a time
// whom the commune let in.
func (a Actor) MayRead() bool { return a.IsAgent() || a.Kind == ActorSupport }

// MayDecide tells whether the actor may decide on requests of the services that
// it covers.
func (a Actor) MayDecide() bool {
	return a.Kind == ActorAgent && (a.Role == RoleInstructor || a.Role == RoleAdmin)
}

// MayAdminister tells whether the actor may change settings, agents and the
// catalogue; jobs of ours may, for they install them.
func (a Actor) MayAdminister() bool {
	return a.Kind == ActorSystem || a.Kind == ActorAgent && a.Role == RoleAdmin
}

// MayConfigure tells whether the actor may change settings, services and the
// catalogue and invite agents: who may administer, and a hub's administrator to whom
// that is delegated. It opens no citizen's file.
func (a Actor) MayConfigure() bool {
	return a.MayAdminister() || a.Kind == ActorHub && a.Delegate
}

// Covers tells whether the actor may see the requests of a service. An instructor
// with no service listed covers all of them: the town hall of one agent.
func (a Actor) Covers(service ID) bool {
	switch {
	case a.Kind == ActorSystem, a.Kind == ActorSupport:
		return true
	case a.Kind != ActorAgent:
		return false
	case a.Role != RoleInstructor || len(a.Services) == 0:
		return true
	default:
		return slices.Contains(a.Services, service)
	}
}
