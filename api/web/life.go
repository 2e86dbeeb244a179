package web

import (
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants/operations"
)

// What is done to a whole commune, in words, for the hub's pages and the commune's own.
var operationNames = map[operations.Kind]string{
	operations.Create: "Ouverture", operations.Export: "Archive", operations.Import: "Reprise d’une archive", operations.Move: "Changement de base",
	operations.Suspend: "Suspension", operations.Resume: "Reprise du portail", operations.Delete: "Effacement",
}

var operationStates = map[operations.State]Status{
	operations.Waiting: {Tone: Warning, Label: "En attente"}, operations.Running: {Tone: Info, Label: "En cours"}, operations.Done: {Tone: Success, Label: "Terminé"},
	operations.Failed: {Tone: Danger, Label: "Échec"}, operations.Cancelled: {Tone: Neutral, Label: "Annulé"},
}

// operationSteps are the steps that last, in words.
var operationSteps = map[string]string{
	"place": "Préparation", "note": "Compte rendu", "reserve": "Préparation", "rows": "Reprise des données", "documents": "Reprise des pièces", "codes": "Reprise des codes de suivi", "agents": "Invitation des agents",
	"schema": "Préparation", "settings": "Préremplissage", "copy": "Copie", "switch": "Bascule", "jobs": "Tâches en attente", "write": "Écriture de l’archive",
}

// CellName writes a cell's name so that it stays on one line.
func CellName(name string) string { return strings.ReplaceAll(name, "-", "\u2011") }

// OperationSteps shows how far one is that goes through these steps.
func OperationSteps(o operations.Operation) Stepper {
	var s Stepper
	for i, name := range operations.Steps(o.Kind) {
		s.Steps = append(s.Steps, Step{Label: operationSteps[name]})
		if name == o.Step {
			s.Current = i
		}
	}
	return s
}

// OperationsTable lists operations with how far they are. Link gives the address of what
// one made, or none.
func OperationsTable(list []operations.Operation, zone *time.Location, link func(operations.Operation) string) Table {
	t := Table{
		Caption: "Ce qui a été fait sur l’ensemble de la commune", Empty: "Rien n’a encore été fait.",
		Columns: []Column{{Label: "Opération"}, {Label: "Demandée le"}, {Label: "Par"}, {Label: "État"}, {Label: "Détail"}},
	}
	for _, o := range list {
		state := operationStates[o.State]
		t.Rows = append(t.Rows, Row{Cells: []Cell{
			{Text: operationNames[o.Kind], URL: link(o)}, {Text: moment(o.CreatedAt, zone)}, {Text: o.AskedName}, {Status: &state}, {Text: operationDetail(o, zone)},
		}})
	}
	return t
}

// moment writes a time as it was on the commune's clock.
func moment(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("02/01/2006") + " à " + Clock(at.In(zone))
}

// operationDetail says what is to be known of an operation.
func operationDetail(o operations.Operation, zone *time.Location) string {
	switch {
	case o.NeedsConfirmation():
		return "Attend la confirmation d’une autre personne"
	case o.Kind == operations.Delete && o.State == operations.Waiting:
		return "Confirmé par " + o.ConfirmedName + " ; effacement après le " + moment(*o.NotBefore, zone)
	case o.State == operations.Running && o.Total > 0:
		return Number(o.Done) + " sur " + Number(o.Total)
	case o.State == operations.Running && o.Error == "":
		return operationSteps[o.Step]
	case o.Error != "" && o.State != operations.Done:
		return operationError(o.Error)
	case o.Kind == operations.Move && o.State == operations.Done:
		return "De " + CellName(o.Data.From) + " à " + CellName(o.Data.To) + "\u00a0; les envois ont attendu " + Number(o.Data.Paused) + "\u00a0ms"
	case (o.Kind == operations.Export || o.Kind == operations.Import && o.State == operations.Done) && o.Data.Export != nil:
		e := o.Data.Export
		parts := []string{Plural(int(e.Requests), "demande", "demandes"), Plural(e.Documents.Present+e.Documents.Altered, "pièce", "pièces")}
		if e.Documents.Missing > 0 {
			parts = append(parts, Plural(e.Documents.Missing, "pièce introuvable", "pièces introuvables"))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// operationError is the sentence of a fault by its code.
func operationError(code string) string {
	if s, ok := sentences[code]; ok {
		return s
	}
	return "Un problème de notre côté ; l’opération sera reprise."
}
