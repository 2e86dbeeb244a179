package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
)

// recordedStatement is a statement as the server ran it. Where a value differed from
// one submission to the next, it is one that must be new each time.
type recordedStatement struct {
	sql    string
	params []*string // nil is null
	fresh  []bool
}

var (
	executed  = regexp.MustCompile(`(?s)^(?:execute [^:]*|statement): (.*)$`)
	parameter = regexp.MustCompile(`(?s)\$(\d+) = (NULL|'(?:[^']|'')*')`)
)

// readStatements reads the server's log and gives the statements of the second of two
// equal submissions by a role.
func readStatements(path, role string) ([]recordedStatement, error) {
	file, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var all []recordedStatement
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var line struct{ User, Message, Detail string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("the server's log: %w", err)
		}
		found := executed.FindStringSubmatch(line.Message)
		if line.User != role || found == nil {
			continue
		}
		s := recordedStatement{sql: found[1]}
		for i, p := range parameter.FindAllStringSubmatch(line.Detail, -1) {
			if p[1] != strconv.Itoa(i+1) {
				return nil, errors.New("the server's log: parameters out of order")
			}
			s.params = append(s.params, unquoted(p[2]))
		}
		all = append(all, s)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	submissions := submissionsIn(all)
	first, second, err := lastAlike(submissions)
	if err != nil {
		return nil, err
	}
	for i := range second {
		for j, v := range second[i].params {
			second[i].fresh = append(second[i].fresh, v != nil && first[i].params[j] != nil && *v != *first[i].params[j])
		}
	}
	return second, nil
}

// lastAlike gives the last two submissions that ran the same statements: on a new
// connection, or after a cache's end, one runs others besides.
func lastAlike(all [][]recordedStatement) (first, second []recordedStatement, err error) {
	same := func(a, b recordedStatement) bool { return a.sql == b.sql && len(a.params) == len(b.params) }
	for i := len(all) - 1; i > 0; i-- {
		for j := i - 1; j >= 0; j-- {
			if slices.EqualFunc(all[j], all[i], same) {
				return all[j], all[i], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("no two of %d submissions ran the same statements", len(all))
}

// submissionsIn gives the transactions that write a request. Those that read what is
// then kept for seconds (a commune's settings) are not part of a submission.
func submissionsIn(all []recordedStatement) [][]recordedStatement {
	var found [][]recordedStatement
	var current []recordedStatement
	writes := false
	for _, s := range all {
		if strings.HasPrefix(s.sql, "begin") {
			current, writes = nil, false
		}
		current = append(current, s)
		writes = writes || strings.Contains(s.sql, "insert into request (")
		if s.sql == "commit" && writes {
			found = append(found, current)
		}
		// What waits for the disk after the commit is part of the submission.
		if last := len(found) - 1; last >= 0 && strings.HasPrefix(s.sql, "select pg_logical_emit_message") {
			found[last] = append(found[last], s)
		}
	}
	return found
}

func unquoted(literal string) *string {
	if literal == "NULL" {
		return nil
	}
	s := strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
	return &s
}

// pgbench runs the recorded statements, as the commune's own role.
type pgbench struct {
	program, dir, script string
	args, env            []string
	clients              int
	rounds               int
}

var (
	placeholder = regexp.MustCompile(`\$(\d+)`)
	uuidValue   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	hashValue   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	comment     = regexp.MustCompile(`--[^\n]*|/\*[^*]*\*/`)
	variable    = regexp.MustCompile(`(^|[^:]):[A-Za-z_]`)
)

// newPgbench writes the script. What must be new each time (keys) is made by the
// statement itself of a counter and the client's number, in rising order as our keys
// are, so that no round trip is added; every other value is bound as we bind it.
// What we send as one batch is one pipeline: all that is read, then all that is written.
func (h *house) newPgbench(town tenants.Tenant, script []recordedStatement, clients int) (*pgbench, error) {
	program := filepath.Join(h.bin, "pgbench")
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("pgbench"); err != nil {
			return nil, errors.New("pgbench is missing: it comes with Postgres (Debian: postgresql)")
		}
	}
	key, err := tenants.ParseMasterKey(h.master)
	if err != nil {
		return nil, err
	}
	dsn, err := url.Parse(h.url())
	if err != nil {
		return nil, err
	}
	p := &pgbench{program: program, dir: h.dir, script: filepath.Join(h.dir, "submit.pgbench"), clients: clients}
	p.env = []string{"PGPASSWORD=" + tenants.RolePassword(key, town.Schema, town.Epoch)}
	p.args = []string{"-n", "-M", "prepared", "-h", dsn.Hostname(), "-p", dsn.Port(), "-U", town.Schema, "-f", p.script}
	text := &strings.Builder{}
	text.WriteString("\\set n :n + 1\n")
	names := map[string]string{} // value → expression
	piped := ""
	for i, s := range script {
		if in := batchOf(s.sql, piped); in != piped {
			if piped != "" {
				text.WriteString("\\endpipeline\n")
			}
			text.WriteString("\\startpipeline\n")
			piped = in
		}
		sql, err := p.statement(i, s, names)
		if err != nil {
			return nil, err
		}
		text.WriteString(sql + ";\n")
	}
	text.WriteString("\\endpipeline\n")
	p.args = append(p.args, benchDatabase(dsn))
	return p, os.WriteFile(p.script, []byte(text.String()), 0o600)
}

func benchDatabase(dsn *url.URL) string { return strings.TrimPrefix(dsn.Path, "/") }

// statement gives a statement with pgbench's variables for its parameters.
func (p *pgbench) statement(index int, s recordedStatement, names map[string]string) (string, error) {
	bare := comment.ReplaceAllString(s.sql, " ")
	if variable.MatchString(bare) {
		return "", fmt.Errorf("a statement holds what pgbench would take for a variable: %s", bare)
	}
	var failed error
	sql := placeholder.ReplaceAllStringFunc(bare, func(match string) string {
		n, err := strconv.Atoi(match[1:])
		if err != nil || n < 1 || n > len(s.params) {
			failed = fmt.Errorf("no value of %s is known", match)
			return match
		}
		v := s.params[n-1]
		if v == nil {
			return "null"
		}
		if *v == "" { // pgbench has no empty variables
			return "''"
		}
		if s.fresh[n-1] && (uuidValue.MatchString(*v) || hashValue.MatchString(*v)) {
			if names[*v] == "" {
				names[*v] = freshValue(len(names), uuidValue.MatchString(*v))
			}
			return names[*v]
		}
		name := fmt.Sprintf("v%d_%d", index, n)
		if arg := name + "=" + *v; !slices.Contains(p.args, arg) {
			p.args = append([]string{"-D", arg}, p.args...)
		}
		return ":" + name
	})
	// One line: pgbench ends a statement at a semicolon, whatever its lines.
	return strings.Join(strings.Fields(sql), " "), failed
}

// freshValue is an expression for a key that no other transaction has.
func freshValue(k int, uuid bool) string {
	seed := fmt.Sprintf("md5(:n::text || '.' || :client_id::text || '.%d')", k)
	if uuid {
		return "(lpad(to_hex(:n::bigint), 12, '0') || substr(" + seed + ", 1, 20))::uuid"
	}
	return "(" + seed + " || " + seed + ")"
}

// batchOf names the batch in which we send a statement, from that of the one before
// it: the first begins the transaction, the last commits and waits for the disk.
func batchOf(sql, before string) string {
	switch {
	case before == "write", strings.HasPrefix(sql, "insert into"):
		return "write"
	default:
		return "read"
	}
}

// round runs it for a time and reads each transaction's latency from its log.
func (p *pgbench) round(ctx context.Context, length time.Duration) (postRound, error) {
	p.rounds++
	prefix := filepath.Join(p.dir, fmt.Sprintf("pgbench-%d", p.rounds))
	args := append([]string{
		"-c", strconv.Itoa(p.clients), "-j", "2", "-T", strconv.Itoa(max(1, int(length.Seconds()))), "-l", "--log-prefix=" + prefix,
		"-D", fmt.Sprintf("n=%d", p.rounds*100_000_000),
	}, p.args...)
	cmd := exec.CommandContext(ctx, p.program, args...) //nolint:gosec // found beside Postgres
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	r := postRound{took: time.Since(began)}
	if err != nil {
		return r, fmt.Errorf("pgbench: %w\n%s", err, tail(string(out)))
	}
	logs, err := filepath.Glob(prefix + "*")
	if err != nil {
		return r, err
	}
	for _, path := range logs {
		text, err := os.ReadFile(path) //nolint:gosec // our own
		if err != nil {
			return r, err
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 2 {
				us, err := strconv.Atoi(fields[2])
				if err != nil {
					return r, fmt.Errorf("pgbench's log: %w", err)
				}
				r.timings = append(r.timings, time.Duration(us)*time.Microsecond)
			}
		}
	}
	if len(r.timings) == 0 {
		return r, fmt.Errorf("pgbench did nothing:\n%s", tail(string(out)))
	}
	return r, nil
}
