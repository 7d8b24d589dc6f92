#!/bin/sh
# Compiles the Spark data source into target/spark/dbmocker-spark.jar, against the jars of SPARK_HOME, or of pyspark, which
# is installed into target/spark-venv. Needs a JDK, 17 or newer.
set -eu
cd "$(dirname "$0")/../.."
jars="${SPARK_HOME:-}/jars"
if [ -z "${SPARK_HOME:-}" ]; then
    [ -x target/spark-venv/bin/python ] || python3 -m venv target/spark-venv
    target/spark-venv/bin/pip install -q pyspark==4.0.1
    jars=$(target/spark-venv/bin/python -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')/jars
fi
rm -rf target/spark
mkdir -p target/spark/classes
javac --release 17 -Xlint:all,-classfile,-path,-processing -Werror -cp "$jars/*" -d target/spark/classes \
    packaging/spark/*.java
jar --create --file target/spark/dbmocker-spark.jar -C target/spark/classes . -C packaging/spark META-INF
echo target/spark/dbmocker-spark.jar
