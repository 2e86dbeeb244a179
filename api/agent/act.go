package agent

import (
	"context"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// What the buttons of a request's page ask for.
const (
	actTake     = "prendre"
	actAssign   = "confier"
	actService  = "transmettre"
	actMessage  = "ecrire"
	actNote     = "noter"
	actComplete = "complet"
	actNotified = "recue"
	actArrived  = "pieces-recues"
	actWithdraw = "retirer"
	actUpload   = "document"
	actReceipt  = "accuser"
	actHanded   = "accuse-remis"
	actAttest   = "attester"
	actMailed   = "attester-courriel"
	actLives    = "demeure"
	actRecall   = "rappeler"
	actDated    = "transmission-recue"
	actAsk      = "demander-motifs"
	actReasons  = "motifs"
)

// action is one of them: what it does, and what is said when it is done.
type action struct {
	do   func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error
	done string
	at   string // part of the page to come back to
}

var actions = map[string]action{
	actTake: {done: "Vous avez pris cette demande en charge.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.Take(ctx, tx, number, version(form))
		return err
	}},
	actAssign: {done: "La demande est confiée.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.Assign(ctx, tx, number, tenants.ID(form.Get("agent")), version(form))
		return err
	}},
	actService: {done: "La demande est transmise.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.SetService(ctx, tx, number, tenants.ID(form.Get("service")), version(form))
		return err
	}},
	actMessage: {done: "Le message est envoyé.", at: "#echanges", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.Write(ctx, tx, number, form.Get("message"))
		return err
	}},
	actNote: {done: "La note est enregistrée.", at: "#notes", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.AddNote(ctx, tx, number, form.Get("note"))
		return err
	}},
	actComplete: {done: "Le dossier est complet\u00a0; l’échéance est recalculée. La personne en est prévenue par courriel, ou par la lettre à imprimer dans «\u00a0Documents\u00a0».", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.CompleteDocuments(ctx, tx, number, version(form))
		return err
	}},
	actNotified: {done: "La date de réception est enregistrée.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		on, err := calendar.ParseDate(form.Get("recue"))
		if err != nil || on.IsZero() {
			return fault.New(fault.Invalid, "notified_on_invalid")
		}
		_, err = requests.ConfirmNotified(ctx, tx, number, tenants.ID(form.Get("decision")), on, version(form))
		return err
	}},
	actLives: {done: "C’est noté\u00a0; le délai de recours est recompté.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.SetResidence(ctx, tx, number, form.Get("demeure"), version(form))
		return err
	}},
	actArrived: {done: "Le jour est noté\u00a0; l’échéance est recalculée.", at: "#documents", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		notice := form.Get("demande_pieces")
		on, err := calendar.ParseDate(form.Get("arrivee-" + notice))
		if err != nil || on.IsZero() {
			return fault.New(fault.Invalid, "notified_on_invalid")
		}
		_, err = requests.ConfirmNotice(ctx, tx, number, tenants.ID(notice), on, version(form))
		return err
	}},
	actReceipt: {done: "L’accusé de réception est délivré. Il part par courriel si la personne en a un\u00a0; sinon, imprimez-le.", at: "/accuse", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.IssueReceipt(ctx, tx, number, version(form))
		return err
	}},
	actHanded: {done: "La remise de l’accusé de réception est notée.", at: "#accuse", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.HandOverReceipt(ctx, tx, number, tenants.ID(form.Get("accuse")), version(form))
		return err
	}},
	actAsk: {done: "La demande de motifs est enregistrée : vous avez un mois pour répondre.", at: "#refus", do: func(ctx context.Context, tx *tenants.Tx, number string, _ url.Values) error {
		_, err := requests.AskReasons(ctx, tx, number)
		return err
	}},
	actReasons: {done: "Les motifs sont communiqués.", at: "#refus", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.GiveReasons(ctx, tx, number, requests.ReasonsInput{Reasons: form.Get("motifs"), Delivery: form.Get("remise")}, version(form))
		return err
	}},
	actAttest: {done: "L’attestation est délivrée.", at: "/attestation", do: func(ctx context.Context, tx *tenants.Tx, number string, _ url.Values) error {
		_, err := requests.Attest(ctx, tx, number)
		return err
	}},
	actMailed: {done: "L’attestation part vers l’adresse électronique de la personne.", do: func(ctx context.Context, tx *tenants.Tx, number string, _ url.Values) error {
		_, err := requests.MailAttestation(ctx, tx, number)
		return err
	}},
	actRecall: {done: "La transmission est annulée\u00a0: la demande reste ici.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.Recall(ctx, tx, number, version(form))
		return err
	}},
	actDated: {done: "Le jour de réception est noté.", at: "#transmissions", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		id := form.Get("transmission")
		on, err := calendar.ParseDate(form.Get("la-bas-" + id))
		if err != nil || on.IsZero() {
			return fault.New(fault.Invalid, "notified_on_invalid")
		}
		_, err = requests.DateTransmission(ctx, tx, number, tenants.ID(id), on, version(form))
		return err
	}},
	actWithdraw: {done: "La demande est retirée.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.Withdraw(ctx, tx, number, form.Get("motif"), version(form))
		return err
	}},
}

func (s *Server) act(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		if web.ComesBack(err) && form != nil {
			return s.showRequest(v, form, err)
		}
		return err
	}
	a, ok := actionOf(form.Get("action"))
	if !ok {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return a.do(ctx, tx, v.number(), form)
	})
	switch {
	case web.ComesBack(err):
		return s.showRequest(v, form, err)
	case err != nil:
		return err
	}
	if then := form.Get("retour"); then != "" {
		return s.done(v, a.done, back(then))
	}
	if (form.Get("action") == actService || a.at == "" && treatmentActions[form.Get("action")].do != nil) && !s.stillSeen(v) {
		return s.done(v, a.done, home)
	}
	return s.done(v, a.done, requestPath(v.number())+a.at)
}

// stillSeen tells whether the agent may still open a request that was handed over.
func (s *Server) stillSeen(v visit) bool {
	_, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		_, err := requests.TrackingCode(ctx, tx, v.number())
		return err
	})
	return err == nil
}

// addDocument keeps a file that an agent adds: a paper that was awaited, or one for
// the person.
func (s *Server) addDocument(v visit) error {
	ctx := v.r.Context()
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		_, err := requests.TrackingCode(ctx, tx, v.number()) // theirs to see, before anything is stored
		return err
	})
	if err != nil {
		return err
	}
	_ = me
	var stored []files.Stored
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) error {
		one, err := s.Files.Put(ctx, v.scope.Tenant, files.Upload{Name: p.Filename, Body: p.Reader, Field: "agent"})
		if err == nil {
			stored = append(stored, one)
		}
		return err
	})
	if err == nil && len(stored) != 1 {
		err = fault.New(fault.Invalid, "file_missing")
	}
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.AddDocument(ctx, tx, v.number(), tenants.ID(form.Get("piece")), stored[0])
			return err
		})
	}
	if err == nil {
		return s.done(v, "Le document est ajouté.", requestPath(v.number())+"#documents")
	}
	for _, one := range stored {
		if dropped := s.Files.Discard(ctx, one); dropped != nil {
			s.Logger.WarnContext(ctx, "discard a file", "code", fault.Of(dropped).Code)
		}
	}
	if form == nil || !web.ComesBack(err) {
		return err
	}
	form.Set("action", actUpload)
	return s.showRequest(v, form, err)
}

// document serves a file of a request, to be saved.
func (s *Server) document(v visit) error {
	var found files.Document
	id, err := tenants.ParseID(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		found, err = requests.DocumentOf(ctx, tx, v.number(), id)
		return err
	}); err != nil {
		return err
	}
	return web.ServeDocument(v.w, v.r, s.Files, v.scope.Tenant, found)
}
