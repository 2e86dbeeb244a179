package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// weight is what a page cost over the wire, as sent, with headers.
type weight struct {
	Bytes, Requests, Nodes int
	Of                     map[string]int
}

type weighed struct {
	Name, Kind    string
	First, Repeat weight
}

// budget is design/README.md's; 0 is none.
type budget struct{ first, repeat, requests, nodes int }

var budgets = map[string]budget{
	"citizen": {first: 50 << 10, repeat: 5 << 10, requests: 7, nodes: 300},
	"answer":  {first: 50 << 10, nodes: 300},
	"list":    {first: 75 << 10, nodes: 395},
}

// benchPages weighs the pages of a demonstration in Chromium, then tells the
// program's memory after each of its communes was served a page.
func benchPages(ctx context.Context, b *bench) error {
	quiet := *b.repo
	quiet.out = newConsole(io.Discard)
	if err := installBrowserParts(ctx, b.repo); err != nil {
		return err
	}
	d, err := startDemo(ctx, &quiet)
	if err != nil {
		return err
	}
	defer func() { _ = d.stop() }()
	before := resident(d.cmd.Process.Pid)
	var out bytes.Buffer
	quiet.out = newConsole(&out)
	ran := runNode(ctx, &quiet, d.url, b.repo.path(browserDir, "bench.mjs"))
	after := resident(d.cmd.Process.Pid)
	var found struct {
		Rows     []weighed
		Failures []string
	}
	_, text, ok := strings.Cut(out.String(), "BENCH ")
	if !ok {
		return errors.Join(errors.New("the browser said nothing: "+tail(out.String())), ran)
	}
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&found); err != nil {
		return err
	}
	var rows [][]string
	for _, w := range found.Rows {
		rows = append(rows, w.row())
	}
	b.table([]string{"page", "first KB", "requests", "styles KB", "scripts KB", "repeat KB", "nodes", ""}, rows)
	b.note("memory of the program: %.0f MB when ready, %.0f MB after a page of each commune", before, after)
	if len(found.Failures) > 0 {
		return errors.New(strings.Join(found.Failures, "; "))
	}
	return ran
}

func (w weighed) row() []string {
	limit := budgets[w.Kind]
	var over []string
	for _, c := range []struct {
		what       string
		got, limit int
	}{{"first visit", w.First.Bytes, limit.first}, {"requests", w.First.Requests, limit.requests}, {"repeat visit", w.Repeat.Bytes, limit.repeat}, {"nodes", w.First.Nodes, limit.nodes}} {
		if c.limit > 0 && c.got > c.limit {
			over = append(over, c.what)
		}
	}
	state := "within"
	switch {
	case len(over) > 0:
		state = "OVER: " + strings.Join(over, ", ")
	case limit == budget{}:
		state = ""
	}
	kb := func(n int) string { return fmt.Sprintf("%.1f", float64(n)/1024) }
	repeat := kb(w.Repeat.Bytes)
	if w.Repeat.Requests == 0 {
		repeat = ""
	}
	return []string{w.Name, kb(w.First.Bytes), fmt.Sprint(w.First.Requests), kb(w.First.Of["Stylesheet"]), kb(w.First.Of["Script"]), repeat, fmt.Sprint(w.First.Nodes), state}
}
