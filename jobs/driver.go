package jobs

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// driver is River's own, which listens to nothing but that there are new jobs.
// Postgres asks no right of who notifies: on River's other channels any commune's role
// could pause the queue of its cell, cancel another's job or depose the leader.
// Without them a new leader is found within seconds, by looking.
type driver struct{ *riverpgxv5.Driver }

// GetListener gives a listener of that one channel.
func (d driver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return wakeListener{d.Driver.GetListener(params)}
}

// topicWake is River's channel of new jobs.
const topicWake = "river_insert"

type wakeListener struct{ riverdriver.Listener }

// Listen listens to new jobs; it passes over every other channel.
func (l wakeListener) Listen(ctx context.Context, topic string) error {
	if topic != topicWake {
		return nil
	}
	return l.Listener.Listen(ctx, topic)
}

// Unlisten ends what Listen began.
func (l wakeListener) Unlisten(ctx context.Context, topic string) error {
	if topic != topicWake {
		return nil
	}
	return l.Listener.Unlisten(ctx, topic)
}
