# Stops the shared test Postgres once nobody has used it for a while.
# Arguments: folder, process of the postmaster, seconds of idleness, seconds between
# looks, folder of the socket.
# Every user holds a shared lock on "users"; "lock" is held while the server is
# started or stopped; "watcher" is held by this script, so that there is one.
cd "$1" || exit 1
pid=$2 limit=$3 step=$4
exec 7>>watcher 8>>lock 9>>users
# One that watched a server that died may need a moment to see it and go.
flock -w "$((step * 3))" -x 7 || exit 0
idle=0
while [ -e data/postmaster.pid ] && kill -0 "$pid" 2>/dev/null; do
	sleep "$step"
	if flock -n -x 9; then
		flock -u 9
		idle=$((idle + step))
	else
		idle=0
	fi
	[ "$idle" -ge "$limit" ] || continue
	flock -n -x 8 || continue
	if flock -n -x 9; then
		rm -f server.json
		kill -INT "$pid" 2>/dev/null
		tries=0
		while [ -e data/postmaster.pid ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 300 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
		[ ! -e data/postmaster.pid ] || kill -QUIT "$pid" 2>/dev/null
		rm -rf data
		rmdir "$5" 2>/dev/null
		exit 0
	fi
	flock -u 8
	idle=0
done
