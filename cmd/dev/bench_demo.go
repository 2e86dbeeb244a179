package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// demoAim is how soon a demonstration that was there before is there again.
const demoAim = 10 * time.Second

// benchDemo starts a demonstration, then stops and kills it, and measures how long
// each next start takes until the line "ready".
func benchDemo(ctx context.Context, b *bench) error {
	quiet := *b.repo
	quiet.out = newConsole(io.Discard)
	began := time.Now()
	d, err := startDemo(ctx, &quiet)
	if err != nil {
		return err
	}
	cold := time.Since(began)
	defer func() { _ = d.stop() }()
	again := func(end func() error) (timings, error) {
		var t timings
		for range b.starts {
			if err := end(); err != nil {
				return nil, err
			}
			if err := t.measure(func() error { return d.restart(ctx, &quiet) }); err != nil {
				return nil, err
			}
		}
		return t, nil
	}
	stopped, err := again(d.end)
	if err != nil {
		return err
	}
	killed, err := again(func() error {
		err := syscall.Kill(d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.done
		return err
	})
	if err != nil {
		return err
	}
	row := func(name string, t timings) []string {
		return []string{name, seconds(t.at(0)), seconds(t.at(0.5)), seconds(t.at(1)), seconds(demoAim), verdict(t.at(1), demoAim)}
	}
	b.table([]string{fmt.Sprintf("seconds to ready, %d starts", b.starts), "best", "median", "worst", "aim", ""}, [][]string{
		row("after a stop", stopped), row("after kill -9", killed),
	})
	b.note("the first start, with the build and an empty folder: %s s", seconds(cold))
	return nil
}

// restart launches the demo again on its data.
func (d *demo) restart(ctx context.Context, repo *repository) error {
	return d.launch(ctx, repo, filepath.Join(d.dir, "parvis"), "demo", "--addr", strings.Replace(d.url, "http://localhost", "127.0.0.1", 1), "--data", filepath.Join(d.dir, "data"))
}
