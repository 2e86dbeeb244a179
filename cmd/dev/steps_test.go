package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

func TestStepsTellWhatFailed(t *testing.T) {
	t.Parallel()
	ran := ""
	does := func(name string, err error) func(context.Context, *repository) error {
		return func(context.Context, *repository) error {
			ran += name
			return err
		}
	}
	for _, c := range []struct {
		name  string
		steps []step
		ran   string
		err   string
	}{
		{"all hold", []step{{name: "one", run: does("1", nil)}, {name: "two", run: does("2", nil)}}, "12", ""},
		{"later ones still run", []step{{name: "one", run: does("1", errors.New("bad"))}, {name: "two", run: does("2", nil)}}, "12", "failed: one"},
		{"but not past a needed one", []step{{name: "one", run: does("1", errors.New("bad")), needed: true}, {name: "two", run: does("2", nil)}}, "1", "failed: one"},
		{"two fail", []step{{name: "one", run: does("1", errors.New("bad"))}, {name: "two", run: does("2", errors.New("bad"))}}, "12", "failed: one, two"},
	} {
		ran = ""
		var shown bytes.Buffer
		err := runSteps(t.Context(), &repository{out: newConsole(&shown)}, c.steps)
		if ran != c.ran || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: ran %q, error %v", c.name, ran, err)
		}
		for _, s := range c.steps {
			if !strings.Contains(shown.String(), s.name) {
				t.Errorf("%s: the table leaves out %s:\n%s", c.name, s.name, &shown)
			}
		}
	}
}

func TestInterruptedStepsAreNoSuccess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := runSteps(ctx, &repository{out: newConsole(&bytes.Buffer{})}, []step{{name: "one", run: func(context.Context, *repository) error { return nil }}})
	if err == nil {
		t.Error("a check that did not run passes")
	}
}

func TestWrongWordsAreUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"dance"}, {"check", "more"}, {"lint", "more"}, {"communes", "-x"}, {"assets", "-x"}, {"browser", "-x"}} {
		if err := run(t.Context(), args); !errors.Is(err, errUsage) {
			t.Errorf("dev %v: %v, want the usage", args, err)
		}
	}
}

func TestCommunesRefuseABrokenSource(t *testing.T) {
	t.Parallel()
	const commune = `[{"code":"31113","nom":"Castanet-Tolosan","type":"commune-actuelle"},{"code":"01091","nom":"Ancienne","type":"commune-deleguee"}]`
	text, n, epcis, err := communesText([]byte(commune), []byte(`[{"code":"243100633","nom":"CA du Sicoval","type":"CA","membres":[{"code":"31113"}]}]`))
	if err != nil || n != 1 || epcis != 1 || !strings.Contains(string(text), "C\t31113\tCastanet-Tolosan\t\t\t0\t243100633\t\t\n") {
		t.Errorf("%d communes, %d EPCI, %v:\n%s", n, epcis, err, text)
	}
	for name, epci := range map[string]string{
		"no JSON":                  `{`,
		"a member that is no more": `[{"code":"1","membres":[{"code":"01091"}]}]`,
		"a member of two":          `[{"code":"1","membres":[{"code":"31113"}]},{"code":"2","membres":[{"code":"31113"}]}]`,
	} {
		if _, _, _, err := communesText([]byte(commune), []byte(epci)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
