package domains

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// certmagic logs with zap; its lines go to ours, at most as warnings. Of their fields
// those alone are kept that name a host or say what went wrong: certmagic also logs
// visitors' addresses.
var loggedFields = map[string]bool{"identifier": true, "server_name": true, "error": true, "issuer": true, "challenge_type": true}

func zapTo(logger *slog.Logger) *zap.Logger { return zap.New(core{logger}) }

type core struct{ logger *slog.Logger }

// Enabled passes on what an operator may have to act upon.
func (core) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

// With keeps the core as it is: fields of a whole logger say nothing that we log.
func (c core) With([]zapcore.Field) zapcore.Core { return c }

// Check takes the line where its level is passed on.
func (c core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write passes a line on.
func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	encoder := zapcore.NewMapObjectEncoder()
	var attributes []slog.Attr
	for _, f := range fields {
		if loggedFields[f.Key] {
			f.AddTo(encoder)
			attributes = append(attributes, slog.Any(f.Key, encoder.Fields[f.Key]))
		}
	}
	c.logger.LogAttrs(context.Background(), slog.LevelWarn, "certificates: "+e.Message, attributes...)
	return nil
}

// Sync has nothing to do.
func (core) Sync() error { return nil }
