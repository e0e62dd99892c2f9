// Package serve is the server of the schedule: it starts each run when it is due, as a process of its own that can be
// stopped, sees to it that it ends, tries again what may pass, tells people of what does not, and answers how things
// stand. What is due when is decided by package schedule; what became of it is kept in the control database.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// Options say what to serve.
type Options struct {
	Config  pipeline.Config
	Version string
	Log     *slog.Logger
	Child   func(ctx context.Context, full bool) Ended // runs once: see Child
	Now     func() time.Time                           // nil: the machine's clock
}

// Server runs the schedule of one store.
type Server struct {
	version string
	log     *slog.Logger
	child   func(ctx context.Context, full bool) Ended
	now     func() time.Time
	store   pipeline.Store
	started time.Time
	ended   chan Ended
	hooks   *hooks

	mu      sync.Mutex // guards what follows; the loop writes, answers read
	config  pipeline.Config
	plan    schedule.Plan
	read    time.Time                    // change time of the configuration that is in effect
	faulty  error                        // of the configuration as it is now, where it cannot be taken
	unsaved error                        // of the control database, where it could not be written
	last    map[string]control.Scheduled // the last line of each entry
	waited  map[string]int               // how often in a row an entry found the store held
	running *attempt
	ticked  time.Time // when the loop last looked
}

// attempt is a run that is on its way.
type attempt struct {
	entry  schedule.Entry
	due    time.Time
	number int
	began  time.Time
}

// mostTick is how long the loop sleeps at most. It looks at the clock each time, so that a machine that slept, or a
// clock that was set, costs no run.
const mostTick = 15 * time.Second

// New prepares a server. Nothing is started yet.
func New(o Options) (*Server, error) {
	plan, err := o.Config.Schedule()
	if err != nil {
		return nil, err
	}
	store, err := pipeline.OpenStore(o.Config.Path("store"))
	if err != nil {
		return nil, err
	}
	s := &Server{version: o.Version, log: o.Log, child: o.Child, now: o.Now, store: store, config: o.Config, plan: plan,
		waited: map[string]int{}, ended: make(chan Ended, 1)}
	if s.now == nil {
		s.now = time.Now
	}
	s.hooks = newHooks(s.log)
	if err := s.hooks.take(o.Config); err != nil {
		return nil, err
	}
	if info, err := os.Stat(o.Config.File); err == nil {
		s.read = info.ModTime()
	}
	s.started = s.now()
	return s, nil
}

// Run serves until the context ends; then it stops a run that is on its way so that it can be taken up, and returns.
func (s *Server) Run(ctx context.Context) error {
	note, release, err := s.store.Serve()
	if err != nil {
		return err
	}
	defer release()
	if err := s.remember(ctx); err != nil {
		return err
	}
	address, stop, err := s.listen(s.config.Text("schedule.listen"))
	if err != nil {
		return err
	}
	defer stop()
	if err := note(address); err != nil {
		return err
	}
	s.log.Info("serving", "store", s.store.Dir, "address", address, "process", os.Getpid())
	defer s.hooks.close()
	for {
		wait := s.tick(ctx)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			s.stop()
			return nil
		case e := <-s.ended:
			timer.Stop()
			s.settle(ctx, e)
		case <-timer.C:
		}
	}
}

// stop waits for the run that is on its way, which was told to stop when the context ended.
func (s *Server) stop() {
	if s.current() != nil {
		s.log.Info("stopping: the run is asked to stop, the next start takes it up")
		e := <-s.ended
		e.Interrupted = e.Exit != 0
		s.settle(context.Background(), e)
	}
	s.log.Info("stopped")
}

func (s *Server) current() *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// remember reads where each entry stood when the last server ended.
func (s *Server) remember(ctx context.Context) error {
	db, err := control.Open(ctx, s.store.Dir)
	if err != nil {
		return err
	}
	defer db.Close()
	last, err := db.LastScheduled(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
	return nil
}

// note keeps lines, in memory whatever the disk says: a full disk must not make a run start twice.
func (s *Server) note(ctx context.Context, lines ...control.Scheduled) {
	err := func() error {
		db, err := control.Open(ctx, s.store.Dir)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.AddScheduled(ctx, lines...)
	}()
	if err != nil {
		s.log.Error("what became of a scheduled run could not be kept; a restart may start it again", "error", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = err
	for _, l := range lines {
		s.last[l.Entry] = l
	}
}

// tick looks at the clock and does what is due. It returns how long there is nothing more to do.
func (s *Server) tick(ctx context.Context) time.Duration {
	now := s.now()
	s.mu.Lock()
	s.ticked = now
	s.mu.Unlock()
	s.reread()
	if s.current() != nil || ctx.Err() != nil {
		return mostTick
	}
	if err := s.meet(ctx, now); err != nil {
		s.log.Error("the store cannot be read", "error", err.Error())
		return mostTick
	}
	wait := mostTick
	for _, step := range s.decide(now) {
		s.do(ctx, step, now)
		if step.Act == schedule.Wait && !step.At.IsZero() {
			wait = min(wait, max(step.At.Sub(now), 100*time.Millisecond))
		}
	}
	return wait
}

// reread takes a changed configuration over. One that has faults is told of, and the old one stays.
func (s *Server) reread() {
	info, err := os.Stat(s.config.File)
	if err == nil && info.ModTime().Equal(s.read) && s.faulty == nil {
		return
	}
	var config pipeline.Config
	var plan schedule.Plan
	if err == nil {
		config, err = pipeline.LoadConfig(s.config.File)
		err = pipeline.LostInputs(config, err)
	}
	if err == nil {
		plan, err = config.Schedule()
	}
	if err == nil && config.Path("store") != s.store.Dir {
		err = &pipeline.InputError{Problem: "the configuration names another store than the one that is served", Next: "restart crmlink serve"}
	}
	if err == nil {
		err = s.hooks.take(config)
	}
	var lost *pipeline.UnreachableError
	if errors.As(err, &lost) {
		err = nil // inputs come and go: the run that needs them says so
	} else if err == nil {
		s.mu.Lock()
		if changed := info.ModTime(); !changed.Equal(s.read) {
			s.log.Info("the configuration was read again")
			s.read = changed
		}
		s.config, s.plan = config, plan
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && (s.faulty == nil || s.faulty.Error() != err.Error()) {
		s.log.Error("the configuration has faults; what was read before stays in effect", "error", err.Error())
	}
	s.faulty = err
}
