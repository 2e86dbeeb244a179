// Package workflow owns how a town treats a request between its receipt and its answer, as a part of the procedure's
// definition: steps, who may go from one to the next, what each does by itself, and which service gets the request.
//
// # What it owns
//
//   - [Workflow]: the definition, as JSON inside a procedure's. Steps, transitions, actions and rules of routing each have
//     a name that never changes, so that versions can be compared and brought together one by one.
//   - [Workflow.Check]: what keeps it from being published: a step that cannot be reached, one that does not lead to a
//     decision, a transition that nobody may take, a circle that would turn by itself.
//   - What the definition says of a request: its service ([Workflow.Service]), the transitions that its answers open
//     ([Workflow.Open]), the day a step waits for ([Wait.Until]).
//   - [Workflow.Layout]: where each step stands in the picture of it.
//
// # What it refuses
//
// The law is not here: a decision, a notice of missing papers, silence or a transmission end or hold a request
// whatever its step, by the table of tenants/requests. Nothing is stored nor sent here.
package workflow
