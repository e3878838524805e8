# What every result says of the machine it was measured on; to be sourced.
# BALLAST_HOST names the host in a result's file name: by default the processor, such as epyc-2c, since the name of a machine is
# nobody's business.

processor() {
    sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1 | tr '[:upper:]' '[:lower:]' |
        grep -oE 'epyc|ryzen|xeon|core|neoverse' | head -n 1 || echo cpu
}
host=${BALLAST_HOST:-$(processor)-$(nproc)c}

fact() { lscpu | sed -n "s/^$1: *//p" | head -n 1; }
commit() {
    git rev-parse --short HEAD 2>/dev/null || { echo none; return; }
    [ -z "$(git status --porcelain)" ] || echo "(with local changes)"
}
governor() { cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null || echo unknown; }

facts() {
    echo "| fact | value |"
    echo "| ---- | ----- |"
    echo "| processor | $(fact 'Model name'), family $(fact 'CPU family') model $(fact Model), $(nproc) cores |"
    echo "| governor | $(governor) |"
    echo "| hypervisor | $(fact 'Hypervisor vendor' | grep . || echo none) |"
    echo "| kernel | $(uname -s) $(uname -r | cut -d- -f1) |"
    echo "| compiler | $(rustc --version), default target-cpu |"
    echo "| commit | $(commit | paste -sd ' ') |"
    echo "| load before | $(cut -d ' ' -f 1-3 /proc/loadavg) |"
    echo
}
