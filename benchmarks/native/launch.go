package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// launch runs a program from a small process, so that what the program is charged for is its own, and writes when it
// began and ended (nanoseconds of the wall clock), its exit code, the CPU seconds and the peak memory in bytes of it and
// of all the programs that it waited for. One that outlives -timeout, or our standard input, is ended with its whole
// group; its code is -1.
func launch(flags *flag.FlagSet, arguments []string) error {
	timeout := flags.Duration("timeout", 5*time.Minute, "when to end it")
	output := flags.String("output", os.DevNull, "what it writes goes to this file")
	flags.Parse(arguments)
	file, err := os.Create(*output)
	if err != nil {
		return err
	}
	words := flags.Args()
	command := exec.Command(words[0], words[1:]...)
	command.Stdout, command.Stderr = file, file
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now().UnixNano()
	if err := command.Start(); err != nil {
		return err
	}
	end := func() { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	timer := time.AfterFunc(*timeout, end)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		end()
	}()
	err = command.Wait()
	ended := time.Now().UnixNano()
	timer.Stop()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"began": began, "ended": ended, "code": command.ProcessState.ExitCode(),
		"cpu":    command.ProcessState.UserTime().Seconds() + command.ProcessState.SystemTime().Seconds(),
		"memory": usage.Maxrss * 1024,
	})
}
