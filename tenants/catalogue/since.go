package catalogue

// SinceWorkflow is the version of a commune's schema (migrations/tenant/0007_workflow.sql) that knows where a request
// stands in a workflow, the opinions that are asked and what other programs are told.
const SinceWorkflow = 7
