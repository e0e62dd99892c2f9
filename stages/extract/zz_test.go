package extract

import ("syscall";"time";"fmt";"os")

func init() { trace = func(what string) { 
	var r syscall.Rusage; syscall.Getrusage(syscall.RUSAGE_SELF,&r)
	cpu := time.Duration(r.Utime.Nano()+r.Stime.Nano())
	if cpu-last > 300*time.Millisecond { fmt.Fprintf(os.Stderr, "%-40s %6.2f cpu, rss %d MB\n", what, (cpu-last).Seconds(), r.Maxrss/1024) }
	last = cpu } }
var last time.Duration
