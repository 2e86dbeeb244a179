package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// quietFor is how long a step may print nothing before the console says that it is
// still at work.
const quietFor = 20 * time.Second

// console passes output on and knows when something was last printed. Its methods
// are safe for several goroutines.
type console struct {
	mu   sync.Mutex
	w    io.Writer
	last time.Time
}

func newConsole(w io.Writer) *console { return &console{w: w, last: time.Now()} }

// Write passes bytes on as they come.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	return c.w.Write(p)
}

// say prints one line.
func (c *console) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c, format+"\n", args...)
}

// watch prints a sign of life whenever a step has been silent for a while, until
// the returned function is called.
func (c *console) watch(name string) (stop func()) {
	start, done := time.Now(), make(chan struct{})
	go func() {
		tick := time.NewTicker(quietFor / 4)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				c.mu.Lock()
				quiet := now.Sub(c.last) >= quietFor
				c.mu.Unlock()
				if quiet {
					c.say("  … %s is still at work (%s)", name, now.Sub(start).Round(time.Second))
				}
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}
