package documents

// Kill ends the process as the machine would that runs out of memory.
func (r *Renderer) Kill() {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if r.process != nil {
		r.process.kill()
	}
}
