package sql

/*
#cgo CFLAGS: -fexceptions
#cgo LDFLAGS: -Wl,--wrap=_ZN6duckdb8Executor11ExecuteTaskEb
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

// The thread that runs a query asks duckdb::Executor::ExecuteTask for the next piece of work again and again, without a
// pause where other threads hold all there is: it burns one processor for as long as another works alone, which was a
// third of all CPU time of a run. The linker sends these calls here, and "nothing to do" is answered a moment later. What
// happened is answered as it was, and errors pass through. Should another version of the engine name the function otherwise,
// nothing is wrapped and it spins as before; a test says so.
uint8_t __real__ZN6duckdb8Executor11ExecuteTaskEb(void *executor, bool dry_run);

enum { NO_TASKS_AVAILABLE = 4 }; // of duckdb::PendingExecutionResult

static const long shortest = 20000, longest = 500000; // nanoseconds

static __thread long pause_ns = 20000;
static uint64_t waited;

uint8_t __wrap__ZN6duckdb8Executor11ExecuteTaskEb(void *executor, bool dry_run) {
	uint8_t result = __real__ZN6duckdb8Executor11ExecuteTaskEb(executor, dry_run);
	if (result != NO_TASKS_AVAILABLE) {
		pause_ns = shortest;
		return result;
	}
	struct timespec moment = {0, pause_ns};
	nanosleep(&moment, 0);
	pause_ns = pause_ns * 2 < longest ? pause_ns * 2 : longest;
	__atomic_fetch_add(&waited, 1, __ATOMIC_RELAXED);
	return result;
}

static uint64_t times_waited(void) { return __atomic_load_n(&waited, __ATOMIC_RELAXED); }
*/
import "C"

// timesWaited is how often a query of this process waited for another thread instead of spinning.
func timesWaited() uint64 { return uint64(C.times_waited()) }
