package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheMemoryOfAContainerIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no container":           {map[string]string{"proc/self/cgroup": "0::/user.slice/a.scope\n", "sys/fs/cgroup/user.slice/a.scope/memory.max": "max\n"}, 0},
		"nothing to read":        {nil, 0},
		"a container's own":      {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"a service's":            {map[string]string{"proc/self/cgroup": "0::/system.slice/parvis.service\n", "sys/fs/cgroup/system.slice/parvis.service/memory.max": "1073741824\n"}, 1 << 30},
		"less around it":         {map[string]string{"proc/self/cgroup": "0::/pod/one\n", "sys/fs/cgroup/pod/one/memory.max": "1073741824\n", "sys/fs/cgroup/pod/memory.max": "268435456\n"}, 256 << 20},
		"an older kernel's tree": {map[string]string{"proc/self/cgroup": "4:memory:/x\n"}, 0},
	} {
		root := t.TempDir()
		for file, text := range c.files {
			file = filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := memoryLimit(root); got != c.want {
			t.Errorf("%s: %d; want %d", name, got, c.want)
		}
	}
}
