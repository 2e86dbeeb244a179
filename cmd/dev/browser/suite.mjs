// Everything that `go run ./cmd/dev browser` tests, in one program with one browser.
import './harness_test.mjs'
import './pages.mjs'
import './citizen.mjs'
import './agent.mjs'
import './law.mjs'
import './hub.mjs'
import './open.mjs'
import './state.mjs'
