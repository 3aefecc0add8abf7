// Command apiserver runs a real Kubernetes API on loopback, with what `nsxsim manifests` printed in it, or saves such a world.
//
//	apiserver serve --manifests FILE --ready-file FILE [--kubeconfig FILE] [--controllers] [--dir DIR] [--image NAME=BINARY]
//	apiserver save --manifests FILE --pods 50000 --output ARCHIVE
//
// serve runs until SIGINT or SIGTERM. With images it has a node, too, which runs the pods of these, each a single program that
// is linked statically; the volumes of claims are then DIR/node/claims/NAMESPACE/NAME. When it answers it writes, as JSON, how to connect: url, ca_file, token, kubeconfig.
// `scripts/kubernetes-tools` builds the programs that it runs; their folder is $MP2P_KUBERNETES or --programs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/kubelet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "serve":
			return serve(ctx, arguments[1:])
		case "save":
			return save(ctx, arguments[1:])
		}
	}
	return errors.New("the commands are serve and save; each says its flags with --help")
}

// worldFlags are the flags that say what is in the world.
func worldFlags(flags *flag.FlagSet, options *apiserver.Options) (manifests *string) {
	flags.StringVar(&options.Programs, "programs", "", "folder that scripts/kubernetes-tools printed (default $MP2P_KUBERNETES)")
	flags.IntVar(&options.Pods, "pods", 0, "number of further pods, in namespaces of their own")
	return flags.String("manifests", "", "what nsxsim manifests printed")
}

func serve(ctx context.Context, arguments []string) (err error) {
	var options apiserver.Options
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	manifests := worldFlags(flags, &options)
	flags.StringVar(&options.Dir, "dir", "", "folder of data and logs; default: one that is removed at the end")
	flags.StringVar(&options.EtcdData, "etcd-data", "", "archive to start from, as save writes it")
	flags.BoolVar(&options.ControllerManager, "controllers", false, "run the controllers of Jobs, namespaces and ServiceAccounts, too")
	images := map[string]kubelet.Image{}
	flags.Func("image", "NAME=BINARY: an image that a node can run; repeated, it adds further ones, and a node needs --dir", func(text string) error {
		name, binary, ok := strings.Cut(text, "=")
		if !ok {
			return errors.New("not of the form NAME=BINARY")
		}
		inside := "/" + filepath.Base(binary)
		images[name] = kubelet.Image{Files: map[string]string{inside: binary}, Entrypoint: []string{inside}}
		return nil
	})
	readyFile := flags.String("ready-file", "", "where to write how to connect, when it can be connected to")
	kubeconfig := flags.String("kubeconfig", "", "where to write the administrator's kubeconfig")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if len(images) > 0 && options.Dir == "" {
		return errors.New("serve needs --dir for its images")
	}
	options.ControllerManager = options.ControllerManager || len(images) > 0 // without them no pod gets its ServiceAccount
	from, err := open(*manifests)
	if err != nil {
		return err
	}
	options.Manifests = from
	server, err := apiserver.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if len(images) > 0 {
		node, cause := kubelet.Start(ctx, kubelet.Options{Server: server, Dir: filepath.Join(options.Dir, "node"), Images: images})
		if cause != nil {
			return cause
		}
		defer func() { err = errors.Join(err, node.Stop()) }()
	}
	if *kubeconfig == "" {
		*kubeconfig = server.Kubeconfig
	} else if err := write(*kubeconfig, server.Config(server.AdminToken)); err != nil {
		return err
	}
	if *readyFile != "" {
		text, err := json.MarshalIndent(map[string]string{
			"url": server.URL, "ca_file": server.CAFile, "token": server.AdminToken, "kubeconfig": *kubeconfig,
		}, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the ready file: %w", err)
		}
		if err := write(*readyFile, append(text, '\n')); err != nil {
			return err
		}
	}
	return server.Wait(ctx)
}

func save(ctx context.Context, arguments []string) error {
	var options apiserver.Options
	flags := flag.NewFlagSet("save", flag.ContinueOnError)
	manifests := worldFlags(flags, &options)
	output := flags.String("output", "", "archive to write")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if *output == "" {
		return errors.New("save needs --output")
	}
	from, err := open(*manifests)
	if err != nil {
		return err
	}
	return apiserver.Archive(ctx, options.Programs, *output, from, options.Pods)
}

// parse parses flags; nothing else may follow the command.
func parse(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags alone, not %q", flags.Name(), flags.Arg(0))
	}
	return nil
}

// open opens a file to be read to its end, or nothing. It is closed when the program ends.
func open(file string) (io.Reader, error) {
	if file == "" {
		return nil, nil
	}
	from, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the manifests: %w", err)
	}
	return from, nil
}

// write writes a file with secrets, which is there as a whole or not at all.
func write(file string, content []byte) error {
	partial, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	_, err = partial.Write(content)
	if err = errors.Join(err, partial.Close()); err == nil {
		err = os.Rename(partial.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", file, err), os.Remove(partial.Name()))
	}
	return nil
}
