package requests

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/codes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// OutsideTransmittal asks for a transmission to an administration that is not on this
// deployment.
type OutsideTransmittal struct {
	To       Party  // Name, and where it is sent
	Delivery string // DeliveryEmail or DeliveryPost
	Reason   string
}

// outsideLife is how long the file is open to an outside administration that was mailed its
// code. A mail cannot be taken back, and mailboxes are shared: documents are not attached.
const outsideLife = 30 * 24 * time.Hour

// TransmitOutside sends a request to an administration that is not here (CRPA L.114-2): by
// a letter in the queue of those to print, or by an e-mail with the address and the code of
// a page where the file can be read for thirty days. The request is then closed, and the
// person told. Who may transmit may; its faults are those of [Transmit]. A missing name is
// fault.Invalid "outside_name", a missing address "outside_address".
func TransmitOutside(ctx context.Context, tx *tenants.Tx, number string, in OutsideTransmittal, expect int64) (Request, error) {
	c, t, err := leave(ctx, tx, number, expect, in.Reason, ActionTransmitOutside)
	if err != nil {
		return Request{}, err
	}
	if in.To, err = in.check(); err != nil {
		return Request{}, err
	}
	documents, err := files.ForRequest(ctx, tx, c.r.ID)
	if err != nil {
		return Request{}, err
	}
	content := transmissionContent{Delivery: in.Delivery}
	for _, d := range documents {
		content.Documents = append(content.Documents, d.Name)
	}
	t.Way, t.State, t.Party, t.EndedAt = WayOutside, TransmissionArrived, in.To, tx.Now()
	if err := c.insertTransmission(ctx, t, content); err != nil {
		return Request{}, err
	}
	if err := c.dispatch(ctx, t, content); err != nil {
		return Request{}, err
	}
	c.close(tx.Today())
	if err := c.record(ctx, "transmitted", EventData{TransmissionID: t.ID, Label: t.Party.Name}); err != nil {
		return Request{}, err
	}
	if err := c.tellTransmitted(ctx, t, notify.Transmitted{
		To: t.Party.Name, Address: t.Party.PostalAddress, Email: t.Party.Email, FirstReceivedOn: c.r.FirstReceivedOn,
		Rule: "Si son silence vaut refus, le délai court depuis notre réception\u00a0; s’il vaut acceptation, depuis la sienne (CRPA, article\u00a0L.114-3).",
	}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// check cleans an outside recipient, and refuses one that nothing can be sent to.
func (in OutsideTransmittal) check() (Party, error) {
	p := Party{Name: clean(in.To.Name, false), PostalAddress: clean(in.To.PostalAddress, true), Email: clean(in.To.Email, false)}
	switch {
	case p.Name == "" || utf8.RuneCountInString(p.Name) > 2*maxName:
		return p, fault.New(fault.Invalid, "outside_name", fault.Field{Path: "to/name", Code: "required"})
	case utf8.RuneCountInString(p.PostalAddress) > maxAddress, p.Email != "" && !validEmail(p.Email),
		in.Delivery != DeliveryEmail && in.Delivery != DeliveryPost,
		in.Delivery == DeliveryEmail && p.Email == "", in.Delivery == DeliveryPost && p.PostalAddress == "":
		return p, fault.New(fault.Invalid, "outside_address", fault.Field{Path: "to/address", Code: "required"})
	}
	return p, nil
}

// dispatch sends what leaves: the mail with the code, or the letter.
func (c *change) dispatch(ctx context.Context, t Transmission, content transmissionContent) error {
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	if content.Delivery == DeliveryEmail {
		m, err := notify.Render(c.tx.Tenant(), settings, notify.TransmissionFile{
			Number: c.r.Number, Title: c.r.Title, To: t.Party.Name, Reason: t.Reason, Code: fileCode(c.tx, t.ID), FirstReceivedOn: c.r.FirstReceivedOn,
			Until: calendar.On(c.tx.Now().Add(outsideLife), c.tx.Tenant().Zone()), Path: "/transmissions/" + string(t.ID),
		})
		if err != nil {
			return err
		}
		return notify.Enqueue(ctx, c.tx, notify.Message{RequestID: c.r.ID, Channel: "email", Template: "transmission_file", To: t.Party.Email, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	body := []string{
		"Madame, Monsieur,",
		"Nous avons reçu le " + c.r.FirstReceivedOn.FrenchShort() + " la demande «\u00a0" + c.r.Title + "\u00a0» (n°\u00a0" + c.r.Number + ") de " + c.r.Applicant.lines() + ".",
		"Elle relève de votre compétence. Nous vous la transmettons en application de l’article\u00a0L.114-2 du code des relations entre le public et l’administration, et en informons la personne.",
		t.Reason,
	}
	for _, step := range filled(e.Procedure().Form.Summary(c.r.Answers)) {
		lines := []string{step.Title}
		for _, row := range step.Rows {
			lines = append(lines, row.Label+"\u00a0: "+row.Value)
		}
		body = append(body, strings.Join(lines, "\n"))
	}
	if len(content.Documents) > 0 {
		body = append(body, "Pièces jointes\u00a0:\n"+strings.Join(content.Documents, "\n"))
	}
	body = append(body, "Merci de nous indiquer le jour où vous avez reçu ce courrier\u00a0: un délai peut en dépendre (article\u00a0L.114-3).", strings.TrimSpace(settings.SignatoryName+"\n"+c.tx.Tenant().Office()))
	body = slices.DeleteFunc(body, func(p string) bool { return p == "" })
	return c.queueLetter(ctx, Outgoing{
		Kind: LetterTransmission, About: t.ID, Recipient: t.Party.Name + "\n" + t.Party.PostalAddress,
		Subject: "Transmission de la demande n°\u00a0" + c.r.Number, Body: strings.Join(body, "\n\n"),
	})
}

// filePurpose is the purpose of the key that an outside administration's codes are derived with.
const filePurpose = "transmission-file"

func fileCode(tx *tenants.Tx, id tenants.ID) string {
	return codes.Grouped(trackingLettersOf(tx.Key(filePurpose), id), 4)
}

// SharedFile is what an outside administration reads of a request that was sent to it.
type SharedFile struct {
	Request
	Transmission Transmission
	Steps        []forms.SummaryStep
	Documents    []files.Document
}

// OpenFile gives a request's file to the outside administration that was mailed its code,
// for thirty days; it is noted in the history. A wrong code, and one whose time is over,
// are fault.NotFound "request_or_code_unknown".
func OpenFile(ctx context.Context, tx *tenants.Tx, id tenants.ID, code string) (SharedFile, error) {
	if err := outsider(tx); err != nil {
		return SharedFile{}, err
	}
	unknown := fault.New(fault.NotFound, "request_or_code_unknown")
	t, err := transmissionByID(ctx, tx, id)
	if fault.Is(err, "transmission_unknown") {
		return SharedFile{}, unknown
	}
	if err != nil {
		return SharedFile{}, err
	}
	right := subtle.ConstantTimeCompare([]byte(codes.Read(code, trackingLetters)), []byte(trackingLettersOf(tx.Key(filePurpose), id))) == 1
	if !right || t.Way != WayOutside || t.Delivery != DeliveryEmail || tx.Now().After(t.CreatedAt.Add(outsideLife)) {
		return SharedFile{}, unknown
	}
	f := SharedFile{Transmission: t}
	if f.Request, err = one(ctx, tx, sqlRequestByID, t.RequestID); err != nil {
		return f, err
	}
	e, err := entryOf(ctx, tx, f.Request)
	if err != nil {
		return f, err
	}
	f.Steps = filled(e.Procedure().Form.Summary(f.Answers))
	if f.Documents, err = files.ForRequest(ctx, tx, f.ID); err != nil {
		return f, err
	}
	return f, tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(f.ID), Kind: "transmission_opened", Data: EventData{Version: f.Version, TransmissionID: id, Label: t.Party.Name}})
}

const sqlDateTransmission = `update transmission set received_on = $2 where id = $1 and way = 'outside'`

// DateTransmission notes on which day an outside administration received what was sent to
// it: a fact, which another one corrects. Agents of the service may. A day before it left or in the future
// is fault.Invalid "notified_on_invalid"; a transmission that is none fault.NotFound
// "transmission_unknown".
func DateTransmission(ctx context.Context, tx *tenants.Tx, number string, id tenants.ID, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	t, err := transmissionByID(ctx, tx, id)
	if err == nil && (t.RequestID != c.r.ID || t.Way != WayOutside) {
		err = fault.New(fault.NotFound, "transmission_unknown")
	}
	if err != nil {
		return Request{}, err
	}
	if on.Before(calendar.On(t.CreatedAt, tx.Tenant().Zone())) || on.After(tx.Today()) {
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "received_on", Code: "invalid"})
	}
	if err := c.keepTransmission(ctx, t, on); err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlDateTransmission, id, on); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "transmission_dated", EventData{TransmissionID: id, Label: t.Party.Name, On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// keepTransmission writes down on which day an outside administration received the request;
// one that was noted before stays, corrected.
func (c *change) keepTransmission(ctx context.Context, t Transmission, on calendar.Date) error {
	rows, err := factRows(ctx, c.tx, c.r.ID)
	if err != nil {
		return err
	}
	facts := withOutside(factsOf(c.r, nil, nil, rows), []Transmission{t})
	fact := Fact{Kind: FactTransmission, RefersTo: t.ID, On: on}
	switch old, found := latest(facts, fact.Key()); {
	case !found:
		_, err = c.keep(ctx, fact)
	case old.On != on:
		_, err = c.supersede(ctx, old, Fact{On: on})
	}
	return err
}

// Known is an outside administration that this commune has sent something to.
type Known struct {
	ID       tenants.ID // of the last transmission to it
	Party    Party      // as it was written then
	Delivery string     // and how it was sent
}

// maxKnown is how many outside administrations are offered.
const maxKnown = 50

const sqlKnown = `select id, party, delivery from (
		select distinct on (lower(party ->> 'name')) id, party, coalesce(content ->> 'delivery', '') as delivery, count(*) over (partition by lower(party ->> 'name')) as times
		from transmission where way = 'outside' order by lower(party ->> 'name'), created_at desc, id) known
	order by times desc, lower(party ->> 'name') limit $1`

// KnownOutside gives the outside administrations that the commune has transmitted requests
// to, each once by its name and as it was addressed last, those of every day first, at most
// 50. Only agents may.
func KnownOutside(ctx context.Context, tx *tenants.Tx) ([]Known, error) {
	if !tx.Actor().IsAgent() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.All[Known](ctx, tx, sqlKnown, maxKnown)
}
