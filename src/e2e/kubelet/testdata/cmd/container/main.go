// Program container is what the containers of the tests run. Its first argument says what it does.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() { os.Exit(run(os.Args[1], os.Args[2:])) }

func run(what string, arguments []string) int {
	switch what {
	case "exit": // CODE [MESSAGE]
		fmt.Println("ending in", arguments[0])
		if len(arguments) > 1 {
			if err := os.WriteFile("/dev/termination-log", []byte(arguments[1]), 0o600); err != nil {
				return failed(err)
			}
		}
		code, err := strconv.Atoi(arguments[0])
		if err != nil {
			return failed(err)
		}
		return code
	case "look": // FILE...: prints what it sees as JSON
		host, err := os.Hostname()
		if err != nil {
			return failed(err)
		}
		seen := map[string]any{"environment": os.Environ(), "host": host, "user": os.Getuid(), "group": os.Getgid(), "arguments": os.Args}
		for _, file := range arguments {
			text, err := os.ReadFile(file)
			if err != nil {
				text = []byte(err.Error())
			}
			seen[file] = string(text)
		}
		if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
			return failed(err)
		}
	case "write": // FILE...: prints for each whether it can be written
		for _, file := range arguments {
			fmt.Println(file, os.WriteFile(file, []byte("x"), 0o600))
		}
	case "twice": // FILE: the first time waits for SIGTERM, the second time ends
		if _, err := os.Stat(arguments[0]); err == nil {
			fmt.Println("was here before")
			return 0
		}
		if err := os.WriteFile(arguments[0], nil, 0o600); err != nil {
			return failed(err)
		}
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("waiting")
		<-stop
		return 143
	case "stay": // until it is killed
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		fmt.Println("staying")
		for range terminated {
			fmt.Println("staying still")
		}
	}
	return 0
}

func failed(err error) int {
	fmt.Println(err)
	return 99
}
