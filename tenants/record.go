package tenants

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// Event is something done, for the audit trail and the requests' history. Data
// holds keys, states and labels; what people wrote stays in its own table.
type Event struct {
	SubjectKind string // "request", "agent", "procedure", "settings"…
	SubjectID   string
	Kind        string // "assigned", "decided"…
	Data        any    // written as JSON; nil for none
}

// RecordedEvent is an event with who did it and when.
type RecordedEvent struct {
	At        time.Time
	ActorKind ActorKind
	ActorID   string
	ActorName string
	Kind      string
	Data      json.RawMessage
}

type recorded struct {
	id    ID
	actor Actor
	data  []byte
	Event
}

const (
	sqlRecord  = `insert into event (id, at, actor_kind, actor_id, actor_name, subject_kind, subject_id, kind, data) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlHistory = `select at, actor_kind, actor_id, actor_name, kind, data from event where subject_id = $1 order by at, id`
)

// Record writes an event in the same transaction, with the actor and the moment
// of it.
func (tx *Tx) Record(_ context.Context, e Event) error {
	data := []byte("{}")
	if e.Data != nil {
		var err error
		if data, err = json.Marshal(e.Data); err != nil {
			return err
		}
	}
	tx.course.events = append(tx.course.events, recorded{id: NewID(), actor: tx.actor, data: data, Event: e})
	return nil
}

func (tx *Tx) queueEvents(batch *pgx.Batch) {
	for _, e := range tx.course.events {
		batch.Queue(sqlRecord, e.id, tx.now, e.actor.Kind, string(e.actor.ID), e.actor.Name, e.SubjectKind, e.SubjectID, e.Kind, e.data)
	}
	tx.course.events = nil
}

// History gives a subject's events, oldest first; none gives an empty slice.
func (tx *Tx) History(ctx context.Context, subjectID string) ([]RecordedEvent, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	return All[RecordedEvent](ctx, tx, sqlHistory, subjectID)
}
