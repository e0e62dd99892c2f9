package sql

// Share keeps what a stage has made for later ones that would make the same, until the session ends or something else is shared by
// that name; nil lets it go. It must hold nothing that is closed before, and change no result.
func (s *Session) Share(name string, made any) {
	if made == nil {
		delete(s.shared, name)
		return
	}
	s.shared[name] = made
}

// Shared is what Share keeps by a name, nil for nothing.
func (s *Session) Shared(name string) any { return s.shared[name] }
